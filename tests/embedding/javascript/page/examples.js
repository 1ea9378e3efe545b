// Requests to begin with, by the form's own names. What is not named is left empty.

const START = {
  final_action: 'BUY',
  symbol: 'BTC/USDT',
  strategy: 'trend',
  trade_type: 'normal',
  'position.side': 'flat',
  price: '100000',
  target_notional: '500',
  equity: '10000',
  trading_state: 'ACTIVE',
};

/** @type {[string, Record<string, string>][]} */
export const EXAMPLES = [
  ['A pilot within its budget', { ...START, trade_type: 'pilot' }],
  ['A pilot when the budget is nearly spent', { ...START, trade_type: 'pilot', 'budgets.used': '180', 'budgets.reserved': '40' }],
  ['A trade that the tiers classify', { ...START, trade_type: 'auto', signal_score: '0.58', risk_reward_ratio: '1.2' }],
  ['A sell with nothing to sell', { ...START, final_action: 'SELL' }],
  ['A sell that closes a long', { ...START, final_action: 'SELL', 'position.side': 'long', 'position.quantity': '0.25' }],
  ['A close while trading is halted', { ...START, final_action: 'CLOSE', 'position.side': 'long', 'position.quantity': '0.25', trading_state: 'HALTED' }],
  ['A stop while trading is halted', { ...START, final_action: 'CLOSE', trade_type: 'risk', 'position.side': 'long', 'position.quantity': '0.25', trading_state: 'HALTED' }],
  ['A close with a faulty price', { ...START, final_action: 'CLOSE', 'position.side': 'short', 'position.quantity': '2', price: 'n/a' }],
  ['A price that is no number', { ...START, price: '100,000' }],
  ['A symbol in another currency, without a rate', { ...START, symbol: 'ETH/BTC', trade_type: 'exploration', price: '0.05', target_notional: '0.01' }],
  ['A position that is not known', { ...START, 'position.side': '' }],
];
