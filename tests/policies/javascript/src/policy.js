// The default routing as a policy component, written by hand: what the interface asks for, handed
// to `route`. Nothing is kept between calls.

import { BUDGETS, manifest } from './manifest.js';
import { Refused, route } from './route.js';

/** @type {import('./routing.js').Routing} */
export const routing = {
  describe() {
    return manifest();
  },

  // A refusal crosses the interface as what is thrown: its `payload`.
  decide({ symbol, terms }, state) {
    return route(symbol, terms, state);
  },

  decideBatch(names, uses, items) {
    return items.map(({ symbol, terms, tradingState, budgets: first }) => {
      const budgets = first === undefined ? undefined : uses.slice(first, first + BUDGETS);
      try {
        return { tag: 'ok', val: route(names[symbol], terms, { tradingState, budgets }) };
      } catch (error) {
        if (error instanceof Refused) return { tag: 'err', val: error.payload };
        throw error;
      }
    });
  },
};
