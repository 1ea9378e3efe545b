# The routing table of the default policy. Figures that a rule needs and the input lacks leave it
# undefined; the rule does not hold then.
package router

import rego.v1

opens if input.action in {"BUY", "SELL"}

reduces_only if input.type in {"exit", "risk"}

opposite if { input.action == "BUY"; input.side == "short" }

opposite if { input.action == "SELL"; input.side == "long" }

opposite if { input.action == "CLOSE"; input.side != "flat" }

same if { input.action == "BUY"; input.side == "long" }

same if { input.action == "SELL"; input.side == "short" }

dust if {
	input.side != "flat"
	input.quantity < data.symbols[input.symbol].min_quantity
}

all_closing if { opposite; input.quantity <= input.closing }

strength := abs(input.score)

tier := "normal" if input.type == "normal"

tier := "pilot" if input.type == "pilot"

tier := "explore" if input.type == "exploration"

tier := auto_tier if input.type == "auto"

auto_tier := "normal" if {
	strength >= data.tiers.normal.score
	input.risk_reward >= data.tiers.normal.risk_reward
} else := "pilot" if {
	strength >= data.tiers.pilot.score
	input.risk_reward >= data.tiers.pilot.risk_reward
} else := "explore" if strength >= data.tiers.explore.score

intent := input.type if reduces_only

else := tier if tier

else := "normal"

size := 1 if input.sized

else := data.tiers[tier].size

notional := input.target * size

below_minimum if notional < object.get(data.symbols, [input.symbol, "min_quantity"], 0.00000001) * input.price

below_minimum if notional < data.symbols[input.symbol].min_notional

exhausted if {
	data.tiers[tier].budget
	notional * input.rate > ((input.equity * data.budget.percent) / 100) - input.used - input.reserved
}

skip(reason) := {"side": "SKIP", "intent": intent, "reason": reason}

close(side, reason) := {"side": side, "intent": close_intent, "reason": reason}

close_intent := "risk" if input.type == "risk"

else := "exit"

quiet if { false }
#RULES#
shortable if {
	data.short_enabled
	data.symbols[input.symbol].allow_short
}

route := skip("trading_halted") if { input.state == "HALTED"; input.type != "risk" }

else := skip("quiet") if quiet

else := skip("hold_signal") if input.action == "HOLD"

else := skip("skip_signal") if input.action == "SKIP"

else := skip("unknown_action") if input.action == "UNKNOWN"

else := skip("below_threshold") if { input.type == "auto"; opens; not tier }

else := skip("already_closing") if { all_closing; not dust }

else := skip("already_closing") if { all_closing; input.action == "CLOSE" }

else := skip("already_closing") if { all_closing; reduces_only }

else := skip("dust") if { dust; input.action == "CLOSE" }

else := skip("dust") if { dust; reduces_only }

else := close("BUY", "close_short") if { input.side == "short"; input.action in {"BUY", "CLOSE"}; not dust }

else := close("SELL", "close_long") if { input.side == "long"; input.action in {"SELL", "CLOSE"}; not dust }

else := skip("no_position_to_close") if { input.action == "CLOSE"; input.side == "flat" }

else := skip("no_position_to_close") if { reduces_only; opens; input.side == "flat" }

else := skip("exit_cannot_open") if { reduces_only; same }

else := skip("already_long_no_pyramid") if { input.action == "BUY"; input.side == "long"; not dust }

else := skip("already_short_no_pyramid") if { input.action == "SELL"; input.side == "short"; not dust }

else := skip("reducing_only") if input.state == "REDUCING"

else := skip("shorting_disabled") if { input.action == "SELL"; not shortable }

else := skip("already_opening") if input.opening > 0

else := skip("below_minimum") if below_minimum

else := skip("exploration_limit") if exhausted

else := {"side": "BUY", "intent": intent, "reason": "open_long", "size": size} if input.action == "BUY"

else := {"side": "SELL", "intent": intent, "reason": "open_short", "size": size} if input.action == "SELL"
