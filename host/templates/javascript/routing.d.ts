// The interface `routing` as JavaScript sees it; what each item means is in `wit/routing.wit`.
// An option that is none is `undefined`. Words of 64 bits are BigInts.

export interface Decimal {
  high: bigint;
  low: bigint;
  scale: number;
}

export type FinalAction = 'buy' | 'sell' | 'hold' | 'skip' | 'close' | 'unknown';
export type TradeType = 'normal' | 'pilot' | 'exploration' | 'exit' | 'risk' | 'auto';
export type PositionSide = 'long' | 'short';
export type TradingState = 'active' | 'reducing' | 'halted';
export type Side = 'buy' | 'sell' | 'skip';
export type OrderIntent = 'normal' | 'pilot' | 'explore' | 'exit' | 'risk';
export type PositionEffect = 'open' | 'close' | 'none';
export type RequestField = 'position' | 'price' | 'target-notional' | 'equity' | 'quote-rate';
export type RefusalKind = 'field-missing' | 'field-overflow' | 'budgets-missing' | 'no-route';
export type Window = 'none' | 'hour' | 'day' | 'week' | 'rolling';
export type Scope = 'all' | 'symbol' | 'strategy';
export type ScoreField = 'signal-score' | 'signal-strength' | 'confidence' | 'risk-reward-ratio';
export type AmountField =
  | 'position-quantity' | 'closable-quantity' | 'close-quantity' | 'working-opening'
  | 'working-closing' | 'price' | 'target-notional' | 'equity' | 'quote-rate' | 'stop-loss'
  | 'take-profit';

export interface Position {
  side: PositionSide;
  quantity: Decimal;
}

export interface WorkingOrders {
  opening: Decimal;
  closing: Decimal;
}

export interface OrderTerms {
  finalAction: FinalAction;
  tradeType: TradeType;
  position?: Position;
  closeQuantity?: Decimal;
  working: WorkingOrders;
  price?: Decimal;
  targetNotional?: Decimal;
  sized: boolean;
  equity?: Decimal;
  quoteRate?: Decimal;
  signalScore?: number;
  confidence?: number;
  riskRewardRatio?: number;
  stopLoss?: Decimal;
  takeProfit?: Decimal;
}

export interface Request {
  symbol: string;
  strategy: string;
  terms: OrderTerms;
}

export interface BudgetUse {
  used: Decimal;
  reserved: Decimal;
  orders: number;
}

export interface State {
  tradingState: TradingState;
  budgets?: BudgetUse[];
}

export interface BudgetClaim {
  budget: number;
  need: Decimal;
}

export interface Decision {
  side: Side;
  intent: OrderIntent;
  reason: number;
  rule: number;
  effect: PositionEffect;
  notional?: Decimal;
  quantity?: Decimal;
  tier?: number;
  budget?: BudgetClaim;
}

export interface Refusal {
  kind: RefusalKind;
  field: RequestField;
}

export interface Tier {
  name: string;
  intent: OrderIntent;
  size: Decimal;
  budget?: number;
}

export interface Budget {
  name: string;
  amount?: Decimal;
  percent?: Decimal;
  orders?: number;
  window: Window;
  seconds: number;
  zone: string;
  scope: Scope;
}

export interface Symbol {
  name: string;
  shortable: boolean;
  step?: Decimal;
  minQuantity?: Decimal;
  minNotional?: Decimal;
}

export interface Manifest {
  schema: number;
  name: string;
  version: string;
  accountCurrency: string;
  reasons: string[];
  rules: string[];
  tiers: Tier[];
  budgets: Budget[];
  symbols: Symbol[];
  scoreThresholds: { field: ScoreField; value: number }[];
  amountThresholds: { field: AmountField; value: Decimal }[];
}

export interface BatchItem {
  symbol: number;
  strategy: number;
  terms: OrderTerms;
  tradingState: TradingState;
  budgets?: number;
}

export type BatchResult = { tag: 'ok'; val: Decision } | { tag: 'err'; val: Refusal };

export interface Routing {
  describe(): Manifest;
  /** Throws `{ payload: Refusal }` to refuse; whatever else it throws is a fault of the policy. */
  decide(request: Request, state: State): Decision;
  decideBatch(names: string[], uses: BudgetUse[], items: BatchItem[]): BatchResult[];
}
