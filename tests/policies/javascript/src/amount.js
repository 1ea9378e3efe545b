// Decimals are those of new projects.
export * from '../../../../host/templates/javascript/src/amount.js';
