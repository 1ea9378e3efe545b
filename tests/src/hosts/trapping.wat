;; A policy that traps whenever the symbol is TRAP, and skips everything else: what hosts
;; recover from. The canonical ABI's records stand at fixed addresses.
(module
  (memory (export "memory") 8)
  (global $top (mut i32) (i32.const 4096))

  (data (i32.const 256) "trapping")
  (data (i32.const 272) "1")
  (data (i32.const 288) "USDT")
  (data (i32.const 304) "nothing_to_do")
  (data (i32.const 320) "only")
  ;; The lists of reasons and rules: address and length of each text.
  (data (i32.const 336) "\30\01\00\00\0d\00\00\00")
  (data (i32.const 352) "\40\01\00\00\04\00\00\00")
  ;; The manifest: schema, name, version, currency, reasons, rules, and five empty lists.
  (data (i32.const 400) "\01\00\00\00" "\00\01\00\00\08\00\00\00" "\10\01\00\00\01\00\00\00"
    "\20\01\00\00\04\00\00\00" "\50\01\00\00\01\00\00\00" "\60\01\00\00\01\00\00\00")
  ;; The decision: side skip, intent normal, reason 0, rule 0, effect none.
  (data (i32.const 520) "\02\00\00\00" "\00\00\00\00" "\00\00\00\00" "\02")
  (data (i32.const 1024) "{answer}")

  ;; What a call brings is forgotten at the next one.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $start i32)
    (local.set $start
      (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
    (global.set $top (i32.add (local.get $start) (local.get 3)))
    (local.get $start))

  ;; Traps when the four letters stand anywhere in a text.
  (func $trap_on (param $at i32) (param $length i32)
    (global.set $top (i32.const 4096))
    (loop $on
      (if (i32.ge_u (local.get $length) (i32.const 4))
        (then
          (if (i32.eq (i32.load align=1 (local.get $at)) (i32.const 0x50415254))
            (then unreachable))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (br $on)))))

  (func (export "execution-router:policy/routing@0.1.0#describe") (result i32)
    (i32.const 400))

  ;; A request begins with the address and length of its symbol.
  (func (export "execution-router:policy/routing@0.1.0#decide") (param i32) (result i32)
    (call $trap_on (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)))
    (i32.const 512))

  (func (export "execution-router:policy/routing@0.1.0#decide-batch")
    (param i32 i32 i32 i32 i32 i32) (result i32)
    unreachable)

  (func (export "execution-router:policy/loading@0.1.0#load") (param i32 i32) (result i32)
    unreachable)

  (func (export "execution-router:policy/routing-json@0.1.0#decide-json")
    (param i32 i32 i32 i32) (result i32)
    (call $trap_on (local.get 0) (local.get 1))
    (i32.store (i32.const 768) (i32.const 1024))
    (i32.store (i32.const 772) (i32.const {length}))
    (i32.const 768)))
