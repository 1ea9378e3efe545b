// The interface, as new projects have it.
export * from '../../../../host/templates/javascript/routing.js';
