//! Policy documents: YAML that someone can edit at three in the morning.
