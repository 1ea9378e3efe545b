// Requests, states, decisions and manifests, under the contract's names. Owns no behaviour.

/**
 * An amount. A number is taken by its shortest text, `0.1` as `0.1`, and is never computed with.
 * Anything with `toJSON`, as decimal libraries have it, is taken by the text that this gives.
 */
export type Amount = string | number | bigint | { toJSON(): string };

/** An amount in an answer: digits without trailing zeros. Never a number. */
export type Decimal = string;

export type FinalAction = 'BUY' | 'SELL' | 'HOLD' | 'SKIP' | 'CLOSE';
export type TradeType = 'normal' | 'pilot' | 'exploration' | 'explore' | 'exit' | 'risk' | 'auto';
export type PositionSide = 'long' | 'short';
export type TradingState = 'ACTIVE' | 'REDUCING' | 'HALTED';
export type Side = 'BUY' | 'SELL' | 'SKIP';
export type OrderIntent = 'normal' | 'pilot' | 'explore' | 'exit' | 'risk';

export interface Position {
  side: PositionSide;
  /** Base quantity; 0 is flat. */
  quantity: Amount;
}

/** What a field means, and when it is needed, is in `host/README.md`, "Requests". */
export interface Request {
  /** Any other word is an action that the policy does not know: it skips. */
  final_action: FinalAction | (string & {});
  symbol: string;
  strategy: string;
  trade_type?: TradeType | null | undefined;
  /** `null` says flat. BUY, SELL and CLOSE without it are refused: a look-up may have failed. */
  position?: Position | null | undefined;
  close_quantity?: Amount | null | undefined;
  working?: { opening?: Amount | null; closing?: Amount | null } | null | undefined;
  price?: Amount | null | undefined;
  target_notional?: Amount | null | undefined;
  sized?: boolean | null | undefined;
  equity?: Amount | null | undefined;
  quote_rate?: Amount | null | undefined;
  signal_score?: number | null | undefined;
  confidence?: number | null | undefined;
  risk_reward_ratio?: number | null | undefined;
  stop_loss?: Amount | null | undefined;
  take_profit?: Amount | null | undefined;
  /** Echoed. No rule sees it. */
  id?: string | null | undefined;
  /** RFC 3339. No rule sees it. */
  timestamp?: string | null | undefined;
  /** Echoed. No rule sees them. */
  tags?: Record<string, string> | null | undefined;
}

/** What is used of a budget, in the window and scope that the request falls in. */
export interface BudgetUse {
  used: Amount;
  reserved: Amount;
  orders: number;
}

export interface State {
  /** ACTIVE when not given. */
  trading_state?: TradingState | undefined;
  /** One for each budget of the manifest, in its order. */
  budgets?: BudgetUse[] | undefined;
}

export interface Budget {
  name: string;
  need: Decimal;
  used: Decimal;
  reserved: Decimal;
  /** Absent where only orders are limited. */
  limit?: Decimal;
  remaining?: Decimal;
  /** Absent where orders are not limited. */
  orders?: number;
  orders_limit?: number;
}

export interface Metadata {
  strategy: string;
  order_intent: OrderIntent;
  is_exploration: boolean;
  is_pilot: boolean;
  is_normal: boolean;
  signal_score?: number;
  confidence?: number;
  stop_loss?: Decimal;
  take_profit?: Decimal;
  risk_reward_ratio?: number;
}

export interface Warning {
  code: string;
  field: string;
  message: string;
}

/** At most one order. A SKIP is a decision, not a failure. */
export interface Decision {
  id?: string;
  symbol: string;
  final_action: string;
  tags?: Record<string, string>;
  side: Side;
  order_intent: OrderIntent;
  /** One of the manifest's reasons. */
  reason: string;
  /** One of the manifest's rules. */
  rule: string;
  position_effect: 'open' | 'close' | 'none';
  position_side?: PositionSide;
  reduce_only: boolean;
  /** Base quantity of the order. */
  quantity?: Decimal;
  /** Of an opening, in quote currency. */
  notional?: Decimal;
  /** As it stood before this decision, when a budget was consulted. */
  budget?: Budget;
  metadata: Metadata;
  policy: { name: string; version: string };
  warnings?: Warning[];
}

export interface TierInfo {
  name: string;
  intent: OrderIntent;
  /** The factor on `target_notional`. */
  size: Decimal;
  /** The name of the budget that it charges. */
  budget?: string | undefined;
}

export interface BudgetInfo {
  name: string;
  /** Account currency. */
  amount?: Decimal | undefined;
  /** Percent of the request's equity: `3` is 3 %. */
  percent?: Decimal | undefined;
  orders?: number | undefined;
  window: 'none' | 'hour' | 'day' | 'week' | 'rolling';
  /** Of a rolling window; else 0. */
  seconds: number;
  /** IANA zone of the calendar windows. */
  zone: string;
  scope: 'all' | 'symbol' | 'strategy';
}

export interface SymbolInfo {
  name: string;
  /** Whether a decision may open a short in it. */
  shortable: boolean;
  step?: Decimal | undefined;
  min_quantity?: Decimal | undefined;
  min_notional?: Decimal | undefined;
}

/** What a policy says of itself. */
export interface Manifest {
  schema: number;
  name: string;
  version: string;
  account_currency: string;
  reasons: string[];
  rules: string[];
  tiers: TierInfo[];
  budgets: BudgetInfo[];
  symbols: SymbolInfo[];
  /** Where rules cut the range of a score, of an amount: `signal_strength` at 0.65. */
  score_thresholds: { field: string; value: number }[];
  amount_thresholds: { field: string; value: Decimal }[];
}

/** What jco makes of a component, and what its file was. */
export interface Parts {
  instantiate(core: (name: string) => WebAssembly.Module, imports: object): unknown;
  cores: Record<string, WebAssembly.Module>;
  /** SHA-256 of the component, in hexadecimal. */
  digest: string;
}
