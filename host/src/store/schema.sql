-- The durable store. Times are microseconds since 1970 in UTC, amounts decimal text in account
-- currency unless said otherwise. `seq` counts decisions, settlements and changes together, from 1,
-- in the order of the log; `record` is an entry's binary form, and `chain` the SHA-256 of the
-- previous entry's `chain` and this `record`.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
  number     INTEGER PRIMARY KEY,
  digest     TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  version    TEXT NOT NULL,
  engine     TEXT NOT NULL,
  wit        TEXT NOT NULL,
  profile    TEXT NOT NULL,
  manifest   TEXT NOT NULL,
  component  BLOB NOT NULL,
  first_seen INTEGER NOT NULL
) STRICT;

CREATE TABLE decisions (
  seq             INTEGER PRIMARY KEY,
  at              INTEGER,
  recorded_at     INTEGER NOT NULL,
  id              TEXT,
  symbol          TEXT NOT NULL,
  strategy        TEXT NOT NULL,
  final_action    TEXT NOT NULL,
  trade_type      TEXT NOT NULL,
  trading_state   TEXT,
  side            TEXT NOT NULL,
  order_intent    TEXT NOT NULL,
  position_effect TEXT NOT NULL,
  reason          TEXT NOT NULL,
  rule            TEXT NOT NULL,
  quantity        TEXT,
  notional        TEXT,
  budget          TEXT,
  need            TEXT,
  reservation     INTEGER,
  repeated        INTEGER NOT NULL,
  policy          INTEGER NOT NULL REFERENCES policies (number),
  generation      INTEGER NOT NULL,
  fuel            INTEGER,
  masked          TEXT,
  keeps_id        INTEGER NOT NULL,
  record          BLOB NOT NULL,
  chain           BLOB NOT NULL
) STRICT;

-- What a repeat of an id gets. Not every decision with an id is that: repeats themselves, what the
-- fail-safe skipped, a close under an id that was another request's.
CREATE UNIQUE INDEX decided_ids ON decisions (id) WHERE keeps_id = 1;

CREATE TABLE reservations (
  number     INTEGER PRIMARY KEY,
  budget     TEXT NOT NULL,
  at         INTEGER NOT NULL,
  symbol     TEXT NOT NULL,
  strategy   TEXT NOT NULL,
  side       TEXT NOT NULL,
  need       TEXT NOT NULL,
  quote_rate TEXT NOT NULL,
  reserved   TEXT NOT NULL,
  settled    TEXT NOT NULL,
  is_open    INTEGER NOT NULL,
  decision   INTEGER NOT NULL REFERENCES decisions (seq),
  expires_at INTEGER
) STRICT;

CREATE TABLE settlements (
  seq           INTEGER PRIMARY KEY,
  at            INTEGER NOT NULL,
  reservation   INTEGER NOT NULL REFERENCES reservations (number),
  event_id      TEXT NOT NULL,
  kind          TEXT NOT NULL,
  side          TEXT,
  notional      TEXT,
  is_final      INTEGER,
  used          TEXT,
  released      TEXT NOT NULL,
  overrun       TEXT,
  side_mismatch INTEGER,
  asked_by      TEXT,
  record        BLOB NOT NULL,
  chain         BLOB NOT NULL,
  UNIQUE (reservation, event_id, kind)
) STRICT;

CREATE TABLE changes (
  seq          INTEGER PRIMARY KEY,
  at           INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  asked_by     TEXT NOT NULL,
  digest       TEXT,
  generation   INTEGER,
  state        TEXT,
  until        INTEGER,
  what         TEXT,
  milliseconds INTEGER,
  record       BLOB NOT NULL,
  chain        BLOB NOT NULL
) STRICT;

CREATE TABLE quarantine (
  digest TEXT PRIMARY KEY,
  why    TEXT NOT NULL,
  since  INTEGER NOT NULL
) STRICT;

CREATE TABLE trading_state (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  state    TEXT NOT NULL,
  until    INTEGER,
  since    INTEGER NOT NULL,
  asked_by TEXT NOT NULL
) STRICT;

CREATE TABLE commands (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  asked_at  INTEGER NOT NULL,
  asked_by  TEXT NOT NULL,
  verb      TEXT NOT NULL,
  arguments TEXT NOT NULL,
  done_at   INTEGER,
  outcome   TEXT
) STRICT;
