package scenario

import (
	"math"
	"time"
)

// The tables of a file but for its steps and expectations, as they are read.

type root struct {
	scenario given[head]
	accounts given[[]given[accountDecl]]
	hubs     given[[]given[hubDecl]]
	locks    given[[]given[lockDecl]]
	policies given[[]given[policyDecl]]
	steps    given[[]given[stepDecl]]
	expects  given[[]given[expectDecl]]
	check    given[checkDecl]
}

func rootShape() shape[root] {
	return shape[root]{title: "the file", keys: []key[root]{
		row("scenario", headShape().kind(), func(r *root) *given[head] { return &r.scenario }, "what the story is, when it begins and how long it runs", "").must(),
		row("account", accountShape().list(), func(r *root) *given[[]given[accountDecl]] { return &r.accounts }, "a login at a provider", ""),
		row("hub", hubShape().list(), func(r *root) *given[[]given[hubDecl]] { return &r.hubs }, "a bridge between a cloud and its locks", ""),
		row("lock", lockShape().list(), func(r *root) *given[[]given[lockDecl]] { return &r.locks }, "a lock, or a fleet of equal ones", "").must(),
		row("policy", policies(), func(r *root) *given[[]given[policyDecl]] { return &r.policies }, "numbers that the engine decides by", ""),
		row("at", stepShape().list(), func(r *root) *given[[]given[stepDecl]] { return &r.steps }, "a step", ""),
		row("expect", expectShape().list(), func(r *root) *given[[]given[expectDecl]] { return &r.expects }, "what must be true", ""),
		row("check", checkShape().kind(), func(r *root) *given[checkDecl] { return &r.check }, "what must hold over the whole run", ""),
	}}
}

type head struct {
	name, about given[string]
	start       given[moment]
	run         given[time.Duration]
	seed        given[uint64]
	needs       given[[]given[Need]]
	zone        given[string]
}

func headShape() shape[head] {
	return shape[head]{title: "[scenario]", keys: []key[head]{
		row("name", text(MaxText), func(h *head) *given[string] { return &h.name }, "one line that says what the story is", `"lost acknowledgement at check-in"`).must(),
		row("about", text(MaxAbout), func(h *head) *given[string] { return &h.about }, "the story for people, as long as it needs", `"""The lock obeys, nobody hears."""`),
		row("start", when(), func(h *head) *given[moment] { return &h.start }, "the first instant, with an offset; every `+4h` counts from it", `2026-03-28T08:00:00+01:00`).must(),
		row("run", duration(time.Second, MaxRun), func(h *head) *given[time.Duration] { return &h.run }, "how long the story runs", `"48h"`).must(),
		row("seed", whole[uint64](0, math.MaxInt64), func(h *head) *given[uint64] { return &h.seed }, "of everything random; left out: 1", `7`),
		row("needs", list(choice("need", needs()...)), func(h *head) *given[[]given[Need]] { return &h.needs }, "traits that the story lives on: systems without them are skipped", `["list"]`),
		row("zone", text(MaxText), func(h *head) *given[string] { return &h.zone }, "the zone of local times where no lock gives one", `"Europe/Berlin"`),
	}}
}

type accountDecl struct {
	id      given[string]
	rate    given[int]
	latency given[time.Duration]
}

func accountShape() shape[accountDecl] {
	return shape[accountDecl]{title: "[[account]]", keys: []key[accountDecl]{
		row("id", ident[string](false), func(a *accountDecl) *given[string] { return &a.id }, "its name", `"account"`).must(),
		row("rate", whole[int](1, 100000), func(a *accountDecl) *given[int] { return &a.rate }, "requests a minute before the cloud answers 429; left out: no limit", `60`),
		row("latency", duration(0, time.Minute), func(a *accountDecl) *given[time.Duration] { return &a.latency }, "mean one-way latency of the cloud; left out: 150ms", `"400ms"`),
	}}
}

type hubDecl struct {
	id, account given[string]
	queue       given[int]
	pace        given[time.Duration]
}

func hubShape() shape[hubDecl] {
	return shape[hubDecl]{title: "[[hub]]", keys: []key[hubDecl]{
		row("id", ident[string](false), func(h *hubDecl) *given[string] { return &h.id }, "its name", `"attic"`).must(),
		row("account", ident[string](false), func(h *hubDecl) *given[string] { return &h.account }, "the account it belongs to; left out: `account`", `"account"`),
		row("queue", whole[int](1, 10000), func(h *hubDecl) *given[int] { return &h.queue }, "jobs that it takes at once; left out: 20", `5`),
		row("pace", duration(0, time.Hour), func(h *hubDecl) *given[time.Duration] { return &h.pace }, "time that it needs for a job", `"2s"`),
	}}
}

type lockDecl struct {
	id, name, account, hub, zone given[string]
	model                        given[string]
	slots, count                 given[int]
	drift                        given[time.Duration]
	battery                      given[float64]
}

func lockShape() shape[lockDecl] {
	s := lockKeys("[[lock]]")
	s.keys = append(s.keys, row("count", whole[int](1, MaxLocks), func(l *lockDecl) *given[int] { return &l.count },
		"a fleet: `room` with 500 makes `room-001` … `room-500`, and `room-*` addresses them", `500`))
	return s
}

// lockKeys are the keys of one lock, also of a step that adds it.
func lockKeys(title string) shape[lockDecl] {
	return shape[lockDecl]{title: title, keys: []key[lockDecl]{
		row("id", ident[string](false), func(l *lockDecl) *given[string] { return &l.id }, "its name", `"front"`).must(),
		row("model", choice("model", models()...), func(l *lockDecl) *given[string] { return &l.model }, "a profile: `locksim profiles` lists them", `"jit.keypad"`).must(),
		row("name", text(MaxText), func(l *lockDecl) *given[string] { return &l.name }, "what people call it; left out: its id", `"Front door"`),
		row("account", ident[string](false), func(l *lockDecl) *given[string] { return &l.account }, "the account it belongs to; left out: its hub's, or `account`", `"account"`),
		row("hub", ident[string](false), func(l *lockDecl) *given[string] { return &l.hub }, "the hub that it speaks through; left out: none", `"attic"`),
		row("zone", text(MaxText), func(l *lockDecl) *given[string] { return &l.zone }, "IANA zone; left out: the model's; `none`: nobody knows it", `"Europe/Berlin"`),
		row("slots", whole[int](1, 1000), func(l *lockDecl) *given[int] { return &l.slots }, "places for codes; left out: the model's", `5`),
		row("drift", duration(-48*time.Hour, 48*time.Hour), func(l *lockDecl) *given[time.Duration] { return &l.drift }, "how far its clock is ahead at the start", `"-3m"`),
		row("battery", number(0, 1), func(l *lockDecl) *given[float64] { return &l.battery }, "charge, 0 to 1; left out: full", `0.2`),
	}}
}

type checkDecl struct {
	always    given[[]given[string]]
	sometimes given[[]given[string]]
	limits    given[limitsDecl]
	lenient   given[bool]
}

func checkShape() shape[checkDecl] {
	return shape[checkDecl]{title: "[check]", keys: []key[checkDecl]{
		row("always", list(choice("rule", rules()...)), func(c *checkDecl) *given[[]given[string]] { return &c.always }, "rules that the checkers watch; left out: all of them", `["window", "one-effect"]`),
		row("sometimes", list(text(MaxText)), func(c *checkDecl) *given[[]given[string]] { return &c.sometimes }, "`fault:KIND`, `event:TYPE` or `issue:CODE`: the run fails if it never happened", `["fault:lost-ack"]`),
		row("limits", limitsShape().kind(), func(c *checkDecl) *given[limitsDecl] { return &c.limits }, "bounds of the whole run", `{ exposure = "1m", sets = 2, clears = 1 }`),
		row("lenient", yesNo(), func(c *checkDecl) *given[bool] { return &c.lenient }, "a step that can't be done is no failure: the engine refuses it, or there is nothing to do it to; of random stories", `true`),
	}}
}

type limitDecl struct {
	exposure               given[time.Duration]
	sets, clears, observes given[int]
}

type limitsDecl struct {
	limitDecl
	locks   given[map[string]given[limitDecl]]
	systems given[map[string]given[limitDecl]]
}

func limitKeys[T any](of func(*T) *limitDecl) []key[T] {
	return []key[T]{
		row("exposure", duration(0, MaxRun), func(t *T) *given[time.Duration] { return &of(t).exposure }, "time in which PINs opened doors that they should not, in sum", `"1m"`),
		row("sets", whole[int](0, 1<<30), func(t *T) *given[int] { return &of(t).sets }, "writes sent to locks", `2`),
		row("clears", whole[int](0, 1<<30), func(t *T) *given[int] { return &of(t).clears }, "erases sent to locks", `1`),
		row("observes", whole[int](0, 1<<30), func(t *T) *given[int] { return &of(t).observes }, "looks at locks", `20`),
	}
}

func limitsShape() shape[limitsDecl] {
	return shape[limitsDecl]{title: "limits", keys: append(limitKeys(func(l *limitsDecl) *limitDecl { return &l.limitDecl }),
		row("lock", named(limitShape()), func(l *limitsDecl) *given[map[string]given[limitDecl]] { return &l.locks }, "bounds of single locks", `{ front = { sets = 1 } }`),
		row("per_provider", named(limitShape()), func(l *limitsDecl) *given[map[string]given[limitDecl]] { return &l.systems }, "other bounds where the story runs on that system", `{ nuki = { sets = 4 } }`),
	)}
}

func limitShape() shape[limitDecl] {
	return shape[limitDecl]{title: "limits", keys: limitKeys(func(l *limitDecl) *limitDecl { return l })}
}

// named is a table whose keys are names chosen elsewhere in the file.
func named[T any](s shape[T]) kind[map[string]given[T]] {
	return kind[map[string]given[T]]{"table by name", func(v value) (map[string]given[T], bool) {
		fields, ok := v.table()
		out := map[string]given[T]{}
		for _, f := range fields {
			if t, ok := s.read(f); ok {
				out[f.key] = given[T]{t, f.at.Key, true}
			}
		}
		return out, ok
	}, func(all map[string]given[T]) string {
		var lines []string
		for _, name := range sortedKeys(all) {
			lines = append(lines, quote(name)+" = "+s.kind().write(all[name].v))
		}
		return inline(lines)
	}}
}
