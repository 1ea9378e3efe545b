;; A policy that answers every request with the same SKIP, and does something else when the
;; request holds a `!`. The letter behind it says what.
(component
  (core module $policy
    (memory (export "memory") 3)
    (global $top (mut i32) (i32.const 65536))
    (data (i32.const 0) "\10\00\00\00\b6\00\00\00")
    (data (i32.const 16) "{\"symbol\":\"X\",\"final_action\":\"HOLD\",\"side\":\"SKIP\",\"order_intent\":\"normal\",\"reason\":\"hold\",\"rule\":\"r\",\"position_effect\":\"none\",\"reduce_only\":false,\"policy\":{\"name\":\"f\",\"version\":\"1\"}}")

    ;; Forgotten at the next call. A request of more than a page traps.
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $start i32)
      (local.set $start (global.get $top))
      (global.set $top (i32.add (local.get $start) (local.get 3)))
      (local.get $start))

    ;; Where the letter stands, or 0.
    (func $letter (param $at i32) (param $length i32) (result i32)
      (local $end i32)
      (local.set $end (i32.add (local.get $at) (local.get $length)))
      (loop $next
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 33))
          (then (return (i32.load8_u (i32.add (local.get $at) (i32.const 1))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
      (i32.const 0))

    (func $deeper (param i32) (result i32)
      (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))

    (func (export "decide") (param $request i32) (param $length i32) (param i32 i32) (result i32)
      (local $letter i32)
      (global.set $top (i32.const 65536))
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 182))
      (local.set $letter (call $letter (local.get $request) (local.get $length)))
      ;; T: it gives up.
      (if (i32.eq (local.get $letter) (i32.const 84)) (then (unreachable)))
      ;; L: it never ends.
      (if (i32.eq (local.get $letter) (i32.const 76)) (then (loop $forever (br $forever))))
      ;; D: its calls go too deep.
      (if (i32.eq (local.get $letter) (i32.const 68)) (then (drop (call $deeper (i32.const 0)))))
      ;; O: its answer is outside of its memory.
      (if (i32.eq (local.get $letter) (i32.const 79))
        (then (i32.store (i32.const 0) (i32.const 0x7fffff00))))
      ;; J: its answer is half of one.
      (if (i32.eq (local.get $letter) (i32.const 74)) (then (i32.store (i32.const 4) (i32.const 90))))
      ;; E: its answer is empty.
      (if (i32.eq (local.get $letter) (i32.const 69)) (then (i32.store (i32.const 4) (i32.const 0))))
      (i32.const 0)))
  (core instance $i (instantiate $policy))
  (func $decide-json (param "request" string) (param "state" string) (result string)
    (canon lift (core func $i "decide") (memory (core memory $i "memory")) (realloc (core func $i "cabi_realloc"))))
  (instance $text (export "decide-json" (func $decide-json)))
  (export "execution-router:policy/routing-json@0.1.0" (instance $text)))
