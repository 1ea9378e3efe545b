-- Commands that are taken up before they are run, and not after whoever asked has gone.
ALTER TABLE commands ADD COLUMN wait_until INTEGER;
ALTER TABLE commands ADD COLUMN taken_at INTEGER;
