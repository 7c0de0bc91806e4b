package scenario

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// stepDecl is one [[at]] as it is read: its instant, its one verb, and what is said about the verb.
type stepDecl struct {
	t, until       given[moment]
	every          given[time.Duration]
	id             given[string]
	key            given[string]
	refused, field given[string]
	dryRun         given[bool]
	needs          given[[]given[Need]]
	muddled        bool // a verb was there, but could not be read
	verbs          []given[verbDecl]
}

// verbDecl is the body of a step. resolve checks it against what the file has said so far and spells it out.
type verbDecl interface {
	resolve(r *resolver, s *scene) []Do
}

// verb makes a key of a step whose body says what happens.
func verb[V verbDecl](name string, k kind[V], meaning, example string) key[stepDecl] {
	return key[stepDecl]{name: name, words: k.words, meaning: meaning, example: example, read: func(v value, s *stepDecl) {
		got, ok := k.read(v)
		s.muddled = s.muddled || !ok
		if ok {
			s.verbs = append(s.verbs, given[verbDecl]{got, v.at.Key, true})
		}
	}, write: func(s *stepDecl) string {
		if v, ok := s.verbs[0].v.(V); ok {
			return k.write(v)
		}
		return ""
	}}
}

// single is a verb whose whole body is one name or text.
func single[V interface {
	verbDecl
	~struct {
		v  string
		at Pos
		ok bool
	}
}](k kind[string]) kind[V] {
	return kind[V]{k.words, func(v value) (V, bool) {
		s, ok := k.read(v)
		return V(given[string]{s, v.at.Val, ok}), ok
	}, func(v V) string { return k.write(given[string](v).v) }}
}

func stepShape() shape[stepDecl] {
	name, pattern := ident[string](false), ident[string](true)
	return shape[stepDecl]{title: "[[at]]", keys: []key[stepDecl]{
		row("t", when(), func(s *stepDecl) *given[moment] { return &s.t }, "when: after the start, or a date and time", `"3h25m"`).must(),
		row("id", name, func(s *stepDecl) *given[string] { return &s.id }, "a name by which `undo` and `heal` speak of the step", `"outage"`),
		row("every", duration(time.Second, MaxRun), func(s *stepDecl) *given[time.Duration] { return &s.every }, "of `type` and `edit`: again and again, this far apart", `"10m"`),
		row("until", when(), func(s *stepDecl) *given[moment] { return &s.until }, "of `every`: what would happen at this instant does not any more", `"5h"`),
		row("refused", choice("issue", issueCodes()...), func(s *stepDecl) *given[string] { return &s.refused }, "the command must be refused with this code", `"duplicate_access_code"`),
		row("field", name, func(s *stepDecl) *given[string] { return &s.field }, "and the refusal must name this field", `"pin"`),
		row("key", text(64), func(s *stepDecl) *given[string] { return &s.key }, "idempotency key: a repeated one must change nothing", `"booking-7"`),
		row("dry_run", yesNo(), func(s *stepDecl) *given[bool] { return &s.dryRun }, "decide and report, but change nothing", `true`),
		row("needs", list(choice("need", needs()...)), func(s *stepDecl) *given[[]given[Need]] { return &s.needs }, "traits that this step lives on: at a vendor's locks without them the story goes on without it", `"jit"`),

		verb("create", createShape().kind(), "asks for a code", `{ id = "guest", lock = "front", pin = "4829", starts = "+4h", ends = "+28h" }`),
		verb("create_many", createManyShape().kind(), "the same code on several doors", `{ id = "stay-*", locks = ["front", "gate"], starts = "+4h", ends = "+28h" }`),
		verb("update", updateShape().kind(), "changes a code", `{ code = "guest", ends = "+30h" }`),
		verb("update_many", updateManyShape().kind(), "moves or renames every code of a common key", `{ code = "stay-front", ends = "+30h" }`),
		verb("convert", convertShape().kind(), "makes a code ongoing, or time-bound", `{ code = "guest", ongoing = true }`),
		verb("delete", deleteShape().kind(), "withdraws a code", `{ code = "guest" }`),
		verb("rotate", rotateShape().kind(), "gives a code new digits", `{ code = "guest", reason = "seen by others" }`),
		verb("pull", pullShape().kind(), "binds a spare of the lock to the code", `{ code = "guest", as = "spare" }`),
		verb("pool", poolShape().kind(), "switches a lock's pool of spares", `{ lock = "front", on = true }`),
		verb("adopt", adoptShape().kind(), "makes a code that somebody else put on the lock a managed one", `{ lock = "front", slot = 3, as = "cleaner" }`),
		verb("delete_unmanaged", foreignShape().kind(), "erases a code that somebody else put on the lock", `{ lock = "front", slot = 3 }`),
		verb("swap", swapShape().kind(), "moves every code of a lock to the one that replaces it", `{ old = "front", new = "front-2" }`),
		verb("observe", single[observeDecl](pattern), "looks at a lock now and forgets its backoff", `"front"`),
		verb("undo", single[undoDecl](name), "compensates the command of a step", `"typo"`),
		verb("reveal", single[revealDecl](pattern), "tells a code's digits: from then on `type` knows them", `"guest"`),
		verb("add_lock", lockKeys("add_lock").kind(), "mounts another lock and puts it under management", `{ id = "front-2", model = "jit.keypad" }`),
		verb("remove_lock", single[removeDecl](name), "ends the management of a lock", `"front"`),
		verb("policy", policyShape("policy").kind(), "changes numbers that the engine decides by", `{ on = "front", backup_pool_size = 5 }`),

		verb("fault", faultShape().kind(), "places a trouble", `{ on = "front", kind = "lost-ack", for = "20m" }`),
		verb("heal", single[healDecl](pattern), "ends the faults of a step, or all on a lock, hub or account", `"outage"`),
		verb("type", typeShape().kind(), "somebody types at a keypad", `{ lock = "front", code = "guest", opens = true }`),
		verb("edit", editShape().kind(), "somebody changes a lock behind the engine's back", `{ lock = "front", kind = "remove", code = "guest" }`),
		verb("engine", engineShape().kind(), "stops the engine for a while, or kills it", `{ stop = "6h" }`),
		verb("note", single[noteDecl](text(MaxText)), "puts a sentence into the trace", `"the guest is at the door"`),
	}}
}

type observeDecl given[string]
type undoDecl given[string]
type revealDecl given[string]
type removeDecl given[string]
type healDecl given[string]
type noteDecl given[string]

// likeDecl is what create and create_many share.
type likeDecl struct {
	name, commonKey, holder                           given[string]
	pin                                               given[lock.PIN]
	pinLength                                         given[int]
	starts, ends                                      given[moment]
	jit, allowExternal, usePool, offline, oneTimeCode given[bool]
	maxRounding                                       given[time.Duration]
}

func likeKeys[T any](of func(*T) *likeDecl) []key[T] {
	return []key[T]{
		row("name", text(MaxText), func(t *T) *given[string] { return &of(t).name }, "what people call it; left out: its id", `"Ada Lovelace"`),
		row("pin", pin(), func(t *T) *given[lock.PIN] { return &of(t).pin }, "its digits, told from the first moment; left out: drawn", `"4829"`),
		row("pin_length", whole[int](1, lock.MaxPIN), func(t *T) *given[int] { return &of(t).pinLength }, "wished number of drawn digits", `6`),
		row("starts", when(), func(t *T) *given[moment] { return &of(t).starts }, "left out, with `ends`: ongoing, from now", `"+4h"`),
		row("ends", when(), func(t *T) *given[moment] { return &of(t).ends }, "left out: ongoing", `"2026-03-29 11:00"`),
		row("jit", yesNo(), func(t *T) *given[bool] { return &of(t).jit }, "just in time also on a lock with schedules (prefer_native_scheduling = false)", `true`),
		row("allow_external", yesNo(), func(t *T) *given[bool] { return &of(t).allowExternal }, "changes made at the lock are honoured", `true`),
		row("use_pool", yesNo(), func(t *T) *given[bool] { return &of(t).usePool }, "switches the lock's pool of spares on", `true`),
		row("common_key", ident[string](false), func(t *T) *given[string] { return &of(t).commonKey }, "codes with one key share their digits", `"stay-7"`),
		row("holder", text(MaxText), func(t *T) *given[string] { return &of(t).holder }, "who will use it", `"ada"`),
		row("offline", yesNo(), func(t *T) *given[bool] { return &of(t).offline }, "an algorithmic code", `true`),
		row("one_time", yesNo(), func(t *T) *given[bool] { return &of(t).oneTimeCode }, "an algorithmic code that dies with its first use", `true`),
		row("max_rounding", duration(0, 24*time.Hour), func(t *T) *given[time.Duration] { return &of(t).maxRounding }, "the largest loss of the window that is accepted", `"1h"`),
	}
}

type createDecl struct {
	likeDecl
	id, lock given[string]
}

func createShape() shape[createDecl] {
	return shape[createDecl]{title: "create", keys: append([]key[createDecl]{
		row("id", ident[string](true), func(c *createDecl) *given[string] { return &c.id }, "the name by which the file speaks of the code; its * stands for what the lock's * stands for", `"guest"`).must(),
		row("lock", ident[string](true), func(c *createDecl) *given[string] { return &c.lock }, "the lock, or locks: `room-*` makes one code on each", `"front"`).must(),
	}, likeKeys(func(c *createDecl) *likeDecl { return &c.likeDecl })...)}
}

type createManyDecl struct {
	likeDecl
	id      given[string]
	locks   given[[]given[string]]
	ownPINs given[bool]
}

func createManyShape() shape[createManyDecl] {
	return shape[createManyDecl]{title: "create_many", keys: append([]key[createManyDecl]{
		row("id", ident[string](true), func(c *createManyDecl) *given[string] { return &c.id }, "with a *, which stands for each lock, or for what the lock's * stands for", `"stay-*"`).must(),
		row("locks", list(ident[string](true)), func(c *createManyDecl) *given[[]given[string]] { return &c.locks }, "the doors", `["front", "gate"]`).must(),
		row("own_pins", yesNo(), func(c *createManyDecl) *given[bool] { return &c.ownPINs }, "a door that can't take the shared digits draws its own", `true`),
	}, likeKeys(func(c *createManyDecl) *likeDecl { return &c.likeDecl })...)}
}

type updateDecl struct {
	code, name                    given[string]
	pin                           given[lock.PIN]
	starts, ends                  given[moment]
	jit, allowExternal, acceptGap given[bool]
	ongoing, pool                 given[bool]
}

func updateShape() shape[updateDecl] {
	return shape[updateDecl]{title: "update", keys: []key[updateDecl]{
		row("code", ident[string](true), func(u *updateDecl) *given[string] { return &u.code }, "the code, or codes", `"guest"`).must(),
		row("name", text(MaxText), func(u *updateDecl) *given[string] { return &u.name }, "another name", `"Ada"`),
		row("pin", pin(), func(u *updateDecl) *given[lock.PIN] { return &u.pin }, "new digits, told at once", `"5160"`),
		row("starts", when(), func(u *updateDecl) *given[moment] { return &u.starts }, "another start", `"+5h"`),
		row("ends", when(), func(u *updateDecl) *given[moment] { return &u.ends }, "another end", `"+30h"`),
		row("jit", yesNo(), func(u *updateDecl) *given[bool] { return &u.jit }, "just in time, or not any more", `true`),
		row("allow_external", yesNo(), func(u *updateDecl) *given[bool] { return &u.allowExternal }, "changes made at the lock are honoured, or not", `true`),
		row("accept_gap", yesNo(), func(u *updateDecl) *given[bool] { return &u.acceptGap }, "the code may be away from the lock while it is rewritten", `true`),
		row("ongoing", yesNo(), func(u *updateDecl) *given[bool] { return &u.ongoing }, "without times from now on", `true`),
		row("pool", yesNo(), func(u *updateDecl) *given[bool] { return &u.pool }, "switches the lock's backup pool on", `true`),
	}}
}

type updateManyDecl struct {
	code, commonKey, name given[string]
	starts, ends          given[moment]
	acceptGap             given[bool]
}

func updateManyShape() shape[updateManyDecl] {
	return shape[updateManyDecl]{title: "update_many", keys: []key[updateManyDecl]{
		row("common_key", ident[string](false), func(u *updateManyDecl) *given[string] { return &u.commonKey }, "the key, if the file gave one", `"stay-7"`),
		row("code", ident[string](false), func(u *updateManyDecl) *given[string] { return &u.code }, "or one of the codes that share it", `"stay-front"`),
		row("name", text(MaxText), func(u *updateManyDecl) *given[string] { return &u.name }, "another name", `"Ada"`),
		row("starts", when(), func(u *updateManyDecl) *given[moment] { return &u.starts }, "another start", `"+5h"`),
		row("ends", when(), func(u *updateManyDecl) *given[moment] { return &u.ends }, "another end", `"+30h"`),
		row("accept_gap", yesNo(), func(u *updateManyDecl) *given[bool] { return &u.acceptGap }, "the codes may be away from their locks while they are rewritten", `true`),
	}}
}

type convertDecl struct {
	code               given[string]
	ongoing, acceptGap given[bool]
	starts, ends       given[moment]
}

func convertShape() shape[convertDecl] {
	return shape[convertDecl]{title: "convert", keys: []key[convertDecl]{
		row("code", ident[string](true), func(c *convertDecl) *given[string] { return &c.code }, "the code, or codes", `"guest"`).must(),
		row("ongoing", yesNo(), func(c *convertDecl) *given[bool] { return &c.ongoing }, "true: without an end from now on; else both times are given", `true`),
		row("starts", when(), func(c *convertDecl) *given[moment] { return &c.starts }, "of a code that gets an end", `"+4h"`),
		row("ends", when(), func(c *convertDecl) *given[moment] { return &c.ends }, "of a code that gets an end", `"+28h"`),
		row("accept_gap", yesNo(), func(c *convertDecl) *given[bool] { return &c.acceptGap }, "the code may be away from the lock while it is rewritten", `true`),
	}}
}

type deleteDecl struct {
	code          given[string]
	leaked, leave given[bool]
}

func deleteShape() shape[deleteDecl] {
	return shape[deleteDecl]{title: "delete", keys: []key[deleteDecl]{
		row("code", ident[string](true), func(d *deleteDecl) *given[string] { return &d.code }, "the code, or codes", `"guest"`).must(),
		row("leaked", yesNo(), func(d *deleteDecl) *given[bool] { return &d.leaked }, "its digits are known to the wrong people", `true`),
		row("leave", yesNo(), func(d *deleteDecl) *given[bool] { return &d.leave }, "it stays on the lock, unmanaged", `true`),
	}}
}

type rotateDecl struct {
	code, reason given[string]
	pin          given[lock.PIN]
	acceptGap    given[bool]
}

func rotateShape() shape[rotateDecl] {
	return shape[rotateDecl]{title: "rotate", keys: []key[rotateDecl]{
		row("code", ident[string](true), func(c *rotateDecl) *given[string] { return &c.code }, "the code, or codes", `"guest"`).must(),
		row("pin", pin(), func(c *rotateDecl) *given[lock.PIN] { return &c.pin }, "the new digits, told at once; left out: drawn, and untold until `reveal`", `"5160"`),
		row("reason", text(MaxText), func(c *rotateDecl) *given[string] { return &c.reason }, "why, for the journal", `"seen by others"`),
		row("accept_gap", yesNo(), func(c *rotateDecl) *given[bool] { return &c.acceptGap }, "the code may be away from the lock while it is rewritten", `true`),
	}}
}

type pullDecl struct{ code, as given[string] }

func pullShape() shape[pullDecl] {
	return shape[pullDecl]{title: "pull", keys: []key[pullDecl]{
		row("code", ident[string](false), func(p *pullDecl) *given[string] { return &p.code }, "the code that a spare stands in for", `"guest"`).must(),
		row("as", ident[string](false), func(p *pullDecl) *given[string] { return &p.as }, "the name by which the file speaks of the spare", `"spare"`),
	}}
}

type poolDecl struct {
	lock given[string]
	on   given[bool]
}

func poolShape() shape[poolDecl] {
	return shape[poolDecl]{title: "pool", keys: []key[poolDecl]{
		row("lock", ident[string](true), func(p *poolDecl) *given[string] { return &p.lock }, "the lock, or locks", `"front"`).must(),
		row("on", yesNo(), func(p *poolDecl) *given[bool] { return &p.on }, "whether spares are kept ready", `true`).must(),
	}}
}

// foreignDecl names a code that somebody else put on a lock.
type foreignDecl struct {
	lock, name given[string]
	slot       given[int]
}

func foreignKeys[T any](of func(*T) *foreignDecl) []key[T] {
	return []key[T]{
		row("lock", ident[string](false), func(t *T) *given[string] { return &of(t).lock }, "the lock", `"front"`).must(),
		row("slot", whole[int](1, 10000), func(t *T) *given[int] { return &of(t).slot }, "where the code stands", `3`),
		row("name", text(MaxText), func(t *T) *given[string] { return &of(t).name }, "or the name it has there", `"cleaner"`),
	}
}

func foreignShape() shape[foreignDecl] {
	return shape[foreignDecl]{title: "delete_unmanaged", keys: foreignKeys(func(f *foreignDecl) *foreignDecl { return f })}
}

type adoptDecl struct {
	foreignDecl
	as            given[string]
	allowExternal given[bool]
}

func adoptShape() shape[adoptDecl] {
	return shape[adoptDecl]{title: "adopt", keys: append(foreignKeys(func(a *adoptDecl) *foreignDecl { return &a.foreignDecl }),
		row("as", ident[string](false), func(a *adoptDecl) *given[string] { return &a.as }, "the name by which the file speaks of the code from now on", `"cleaner"`).must(),
		row("allow_external", yesNo(), func(a *adoptDecl) *given[bool] { return &a.allowExternal }, "changes made at the lock are honoured", `true`),
	)}
}

type swapDecl struct{ old, fresh given[string] }

func swapShape() shape[swapDecl] {
	return shape[swapDecl]{title: "swap", keys: []key[swapDecl]{
		row("old", ident[string](false), func(s *swapDecl) *given[string] { return &s.old }, "the lock that goes", `"front"`).must(),
		row("new", ident[string](false), func(s *swapDecl) *given[string] { return &s.fresh }, "the lock that replaces it, added before", `"front-2"`).must(),
	}}
}

type faultDecl struct {
	on, kind, op given[string]
	lasts        given[time.Duration]
	after        given[int]
	p            given[float64]
	params       []given[value] // the kind's own parameters
}

func faultShape() shape[faultDecl] {
	return shape[faultDecl]{title: "fault", keys: []key[faultDecl]{
		row("on", ident[string](true), func(f *faultDecl) *given[string] { return &f.on }, "a lock, locks, a hub or an account", `"front"`).must(),
		row("kind", choice("kind of fault", faultKinds()...), func(f *faultDecl) *given[string] { return &f.kind }, "`locksim faults` lists them", `"lost-ack"`).must(),
		row("for", duration(time.Millisecond, MaxRun), func(f *faultDecl) *given[time.Duration] { return &f.lasts }, "left out: until it is healed", `"20m"`),
		row("op", choice("verb", "observe", "set", "clear"), func(f *faultDecl) *given[string] { return &f.op }, "only calls of this verb; left out: all", `"set"`),
		row("after", whole[int](1, 1<<20), func(f *faultDecl) *given[int] { return &f.after }, "spares the first so many calls", `2`),
		row("p", number(0, 1), func(f *faultDecl) *given[float64] { return &f.p }, "probability per call; left out: 1", `0.5`),
	}, other: func(v value, f *faultDecl) { f.params = append(f.params, given[value]{v, v.at.Key, true}) }, more: func(f *faultDecl) (lines []string) {
		for _, p := range f.params {
			text := ""
			switch raw := p.v.raw.(type) {
			case float64:
				text = number(0, 0).write(raw)
			case string:
				text = quote(raw)
			}
			lines = append(lines, p.v.key+" = "+text)
		}
		return lines
	}}
}

type typeDecl struct {
	lock, code, reason given[string]
	pin                given[lock.PIN]
	opens              given[bool]
}

func typeShape() shape[typeDecl] {
	return shape[typeDecl]{title: "type", keys: []key[typeDecl]{
		row("lock", ident[string](true), func(t *typeDecl) *given[string] { return &t.lock }, "the door; left out: the code's", `"front"`),
		row("code", ident[string](true), func(t *typeDecl) *given[string] { return &t.code }, "types the digits that were last told for it", `"guest"`),
		row("pin", pin(), func(t *typeDecl) *given[lock.PIN] { return &t.pin }, "or these", `"4829"`),
		row("opens", yesNo(), func(t *typeDecl) *given[bool] { return &t.opens }, "what must happen; left out: whatever", `true`),
		row("reason", text(64), func(t *typeDecl) *given[string] { return &t.reason }, "why it must not open", `"outside_window"`),
	}}
}

type editDecl struct {
	lock, code, name given[string]
	kind             given[sim.EditKind]
	slot             given[int]
	pin              given[lock.PIN]
	starts, ends     given[moment]
}

func editShape() shape[editDecl] {
	return shape[editDecl]{title: "edit", keys: []key[editDecl]{
		row("lock", ident[string](true), func(e *editDecl) *given[string] { return &e.lock }, "the lock, or locks", `"front"`).must(),
		row("kind", choice("edit", sim.EditAdd, sim.EditRemove, sim.EditPIN, sim.EditDisable, sim.EditEnable, sim.EditWindow, sim.EditName, sim.EditReset, sim.EditBattery),
			func(e *editDecl) *given[sim.EditKind] { return &e.kind }, "what is done: `add`, `remove`, `pin`, `disable`, `enable`, `window`, `name`, `reset` (everything forgotten) or `battery` (fresh ones)", `"remove"`).must(),
		row("code", ident[string](false), func(e *editDecl) *given[string] { return &e.code }, "the entry that is meant, by its code", `"guest"`),
		row("slot", whole[int](1, 10000), func(e *editDecl) *given[int] { return &e.slot }, "or by its place; of `add`: where it goes", `3`),
		row("pin", pin(), func(e *editDecl) *given[lock.PIN] { return &e.pin }, "of `add` and `pin`: the digits", `"1470"`),
		row("name", text(MaxText), func(e *editDecl) *given[string] { return &e.name }, "of `add` and `name`: what it is called", `"cleaner"`),
		row("starts", when(), func(e *editDecl) *given[moment] { return &e.starts }, "of `add` and `window`", `"+1h"`),
		row("ends", when(), func(e *editDecl) *given[moment] { return &e.ends }, "of `add` and `window`", `"+2h"`),
	}}
}

type engineDecl struct {
	stop given[time.Duration]
	kill given[int]
}

func engineShape() shape[engineDecl] {
	return shape[engineDecl]{title: "engine", keys: []key[engineDecl]{
		row("stop", duration(time.Second, MaxRun), func(e *engineDecl) *given[time.Duration] { return &e.stop }, "does not run for so long", `"6h"`),
		row("kill", whole[int](1, 10000), func(e *engineDecl) *given[int] { return &e.kill }, "dies at its so-manieth call from now, after the call has left and before its answer, and is restarted at once", `1`),
	}}
}
