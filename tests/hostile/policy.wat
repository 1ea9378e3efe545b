;; The core module of a policy that answers what a test laid out for it, whatever it is asked.
;;
;; `{…}` are filled in by `tests/hostile.rs`. A request whose symbol begins with `E` is the one
;; that the policy misbehaves on; every other gets the first answer, which is sound.
;; Signatures are those of the canonical ABI: parameters past sixteen come as the address of a
;; record, and a result of more than one value goes out as one.
(module
  (type $decide (func (param $request i32) (result i32)))
  (memory (export "memory") {memory})
  (table 1 funcref)
  (global $top (mut i32) (i32.const {heap}))
  {image}

  ;; What the host passes in stands behind the image, and is forgotten at the next call.
  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $start i32)
    {realloc}
    (local.set $start
      (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
    (global.set $top (i32.add (local.get $start) (local.get 3)))
    (local.get $start))

  (func $forget (global.set $top (i32.const {heap})))

  (func (export "execution-router:policy/routing@0.1.0#describe") (result i32)
    {describe}
    (i32.const {manifest}))

  (func $answer (export "execution-router:policy/routing@0.1.0#decide")
    (type $decide) (param $request i32) (result i32)
    (call $forget)
    ;; The request begins with the address of its symbol.
    (if (i32.eq (i32.load8_u (i32.load (local.get $request))) (i32.const 69))
      (then {decide}))
    (i32.const {sound}))

  ;; The list's address and length stand at {list}; the answers are {items} sound ones.
  (func (export "execution-router:policy/routing@0.1.0#decide-batch")
    (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $forget)
    (i32.store (i32.const {list}) (i32.const {answers}))
    (i32.store (i32.add (i32.const {list}) (i32.const 4)) (local.get 5))
    {batch}
    (i32.const {list}))

  (func (export "cabi_post_execution-router:policy/routing@0.1.0#decide") (param i32)
    {after})

  {more}

  (func $start {start})
  (start $start))
