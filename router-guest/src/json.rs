//! Requests, states and decisions as JSON.
