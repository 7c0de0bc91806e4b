package world

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// The rules that the checkers watch, by the names that scenarios use.
const (
	RuleWindow    = "window"     // no entry opens outside its wished window beyond lead, grain, DST guard and exposure
	RuleOneEffect = "one-effect" // one call at a time, one effect per key, one entry per code but for the minutes of a replacement
	RuleTold      = "told"       // told digits never change without a command that says so
	RuleInHouse   = "in-house"   // a guest's entry is not erased before its replacement works
	RuleUnique    = "unique"     // two live codes of one door never share digits on the lock
	RuleSlotReuse = "slot-reuse" // a slot is not written while it holds another code, or its erase is unconfirmed
	RuleForeign   = "foreign"    // what others put on a lock is never touched without a command
	RuleDigits    = "digits"     // no digits in any record or event
	RuleArrival   = "arrival"    // a code opens at its start if nothing is wrong
)

// Rules lists every rule.
func Rules() []string {
	return []string{RuleWindow, RuleOneEffect, RuleTold, RuleInHouse, RuleUnique, RuleSlotReuse, RuleForeign, RuleDigits, RuleArrival}
}

// maxWrote bounds the digits of a lock that are known to be the engine's.
const maxWrote = 64

// maxKeys bounds the idempotency keys that are remembered, and keyStands is how long each stands for its command.
const (
	maxKeys   = 256
	keyStands = 24 * time.Hour
)

// used is an idempotency key, and when its command took effect.
type used struct {
	key string
	at  time.Time
}

// MaxBreaches bounds how many breaches a world keeps.
const MaxBreaches = 100

const (
	// grace is how long an erase that is possible may take until it is done.
	grace = 2 * time.Minute
	// replacing is how long two entries of one code may stand side by side while one replaces the other.
	replacing = 10 * time.Minute
	// unseen is how long what was overwritten may rest until it is erased once more, where nobody can see its digits.
	unseen = 90 * time.Minute
	// probing is how long a hub or an account that does not answer may be left alone between tries.
	probing = 5 * time.Minute
	// jitter is how much longer than its bound a backoff may be, as a factor.
	jitter = 1.5
)

// Breach is a promise that was broken.
type Breach struct {
	At     time.Time
	Rule   string
	Device lock.DeviceID
	Code   lock.CodeID
	Text   string // one sentence, without digits
}

// door is what the checkers see of the locks: what each holds, what would open it now, and whether faults are at work on it.
type door interface {
	AppendMemory([]sim.Memory, lock.DeviceID) []sim.Memory
	AppendOpen([]sim.Memory, lock.DeviceID) []sim.Memory
	Ailing(lock.DeviceID) bool
}

// judge holds the safety checkers and the model of what was wished. It looks only at locks whose memory or wish changed, or
// that have an edge of a window now.
type judge struct {
	door   door
	report func(Breach)
	found  map[Breach]bool // without At: each breach is told once
	dirty  []*watched
	judged []*watched // room for those
	edges  edges
	held   []sim.Memory // of memory
	opens  []sim.Memory // of wouldOpen

	base     engine.Policy
	accounts map[lock.AccountID]engine.PolicyPatch
	devices  map[lock.DeviceID]*watched
	links    map[string]*link // by hub and by account
	wishes   map[lock.CodeID]*wish
	digits   digits
	breaches []Breach
	meter    meter
	byCode   map[lock.CodeID]*seen // of the lock that is judged
	byPIN    map[lock.PIN]*seen

	off     bool                   // Options.Unjudged
	keys    []used                 // of the last commands, newest last, at most maxKeys
	Seq     engine.Seq             // of the last command
	resumed bool                   // the model may lack wishes that were accepted just before a kill
	halted  bool                   // the engine is stopped
	began   time.Time              // the engine last started
	changed map[lock.CodeID]bool   // wishes to be written
	doors   map[lock.DeviceID]bool // locks to be written
	unsaved bool                   // the rest is to be written
}

// watched is one lock as the checkers follow it.
type watched struct {
	Device  lock.Device
	Retired bool               `json:",omitzero"` // off the door, or no longer managed
	Pool    bool               `json:",omitzero"`
	Drained time.Time          `json:",omitzero"`  // the pool was switched off
	Flips   []flip             `json:",omitempty"` // of the pool, oldest first, at most maxPast
	Patch   engine.PolicyPatch `json:",omitzero"`
	Permits map[lock.Ref]bool  `json:",omitempty"` // foreign entries that a command named

	codes  []lock.CodeID
	pruned int
	dirty  bool
	edge   time.Time // next instant to judge it at; zero: none

	entries  []seen                 // what it holds, with the time since when
	spare    []seen                 // room for the next entries
	deadline time.Time              // of the call in flight; zero: none is
	left     time.Time              // until when the call that was in flight when the engine stopped may change the lock
	looking  bool                   // its last call was a look, which changes nothing
	links    []*link                // that it shares with others; nil: not asked for yet
	line     link                   // how its own calls ended
	ended    time.Time              // its last call ended
	erase    time.Time              // its last erase ended, however
	acked    map[lock.Ref]time.Time // erases that were acknowledged, of entries that still stand or that the cloud is at
	erases   map[lock.Ref]time.Time // when the last erase of each entry that stands ended, however, or what came of it was first to be seen
	places   map[int]bool           // slots in which a code of the engine's stood, or should have
	slots    map[int]lock.CodeID    // of which code the last write to each slot was
	written  map[lock.Ref]bool      // entries whose write was acknowledged, and which every look since has shown
	ruled    time.Time              // when its policy last changed
	ruling   time.Duration          // the longest wait of the policies before
	filled   time.Time              // when it was last full, in truth or by what its cloud lists
	meddled  bool                   // a fault or a hand was ever at it
	look     lock.Observation
	misled   time.Time              // when it last became so
	fooled   bool                   // a fault or a hand may show the engine something else than the truth
	blanked  map[lock.Ref]time.Time // and overwrites
	blanks   []lock.PIN             // digits that only overwrite, newest last, at most maxWrote
	wrote    []lock.PIN             // digits that the engine asked it to hold, newest last, at most maxWrote
	erasing  map[int]lock.Ref       // slots whose erase is unconfirmed
	zone     *time.Location         // of zoned, the name of its zone; nil: not loaded yet
	zoned    string
	exposed  []int     // spans of the meter that go on
	recount  bool      // the starts of its codes may have changed
	arrival  time.Time // the next start that is judged, with its grace; zero: none
	arrived  time.Time // starts up to then were judged
	troubles []string  // issues that people were told of
}

// flip is a command that switched a pool, and how it stood before.
type flip struct {
	Seq engine.Seq
	Was bool
}

// seen is an entry and since when it stands there in this form.
type seen struct {
	sim.Memory
	since  time.Time
	opened glimpse // that it opens the door
	came   glimpse // that it came, beside another of its code
}

// glimpse is whether what the engine is shown leaves something out, and when it was first shown after that.
type glimpse struct {
	hidden bool
	shown  time.Time
}

// see notes whether it is hidden at t. It returns since when it is not; zero: it never was.
func (g *glimpse) see(hidden bool, t time.Time) time.Time {
	if g.hidden && !hidden {
		g.shown = t
	}
	g.hidden = hidden
	return g.shown
}

func newJudge(w *World) *judge {
	j := openJudge(w.fleet, w.o.Policy, func(b Breach) {
		w.note(sim.Record{At: b.At, Kind: sim.KindBreach, Device: b.Device, Code: b.Code, Name: b.Rule, Text: b.Text})
	})
	j.off = w.o.Unjudged
	return j
}

func openJudge(d door, base engine.Policy, report func(Breach)) *judge {
	return &judge{
		door: d, base: base, report: report, found: map[Breach]bool{}, accounts: map[lock.AccountID]engine.PolicyPatch{},
		devices: map[lock.DeviceID]*watched{}, links: map[string]*link{}, wishes: map[lock.CodeID]*wish{},
		byCode: map[lock.CodeID]*seen{}, byPIN: map[lock.PIN]*seen{}, changed: map[lock.CodeID]bool{}, doors: map[lock.DeviceID]bool{},
	}
}

// breach keeps and reports what was found, once.
func (j *judge) breach(at time.Time, rule string, device lock.DeviceID, code lock.CodeID, text string) {
	b := Breach{Rule: rule, Device: device, Code: code, Text: text}
	if j.found[b] || len(j.breaches) >= MaxBreaches {
		return
	}
	j.found[b] = true
	b.At = at
	j.breaches = append(j.breaches, b)
	j.report(b)
}

// device returns the lock of that id, made if it is new.
func (j *judge) device(id lock.DeviceID) *watched {
	d := j.devices[id]
	if d == nil {
		d = &watched{Device: lock.Device{ID: id}, Permits: map[lock.Ref]bool{}}
		d.forget()
		j.devices[id] = d
	}
	return d
}

// forget has nothing known of what was done to a lock.
func (d *watched) forget() {
	d.erasing, d.places, d.written = map[int]lock.Ref{}, map[int]bool{}, map[lock.Ref]bool{}
	d.slots = map[int]lock.CodeID{}
	d.erases, d.acked, d.blanked = map[lock.Ref]time.Time{}, map[lock.Ref]time.Time{}, map[lock.Ref]time.Time{}
}

// alter returns the lock of that id for a change that is to be kept.
func (j *judge) alter(id lock.DeviceID) *watched {
	j.doors[id] = true
	return j.device(id)
}

// policy is what the engine was told to decide by for this lock.
func (j *judge) policy(d *watched) engine.Policy {
	p := j.base
	if patch, ok := j.accounts[d.Device.Account]; ok {
		p = p.Over(patch)
	}
	if d.Patch != (engine.PolicyPatch{}) {
		p = p.Over(d.Patch)
	}
	return p
}

func (j *judge) setPolicy(do engine.SetPolicy, now time.Time) {
	for _, d := range j.devices {
		d.ruled, d.ruling = now, max(d.ruling, j.policy(d).BackoffMax)
	}
	if do.Whole { // what was set before is forgotten
		switch {
		case do.Device != "":
			j.alter(do.Device).Patch = engine.PolicyPatch{}
		case do.Account != "":
			delete(j.accounts, do.Account)
		default:
			j.base = engine.DefaultPolicy()
		}
	}
	switch {
	case do.Device != "":
		d := j.alter(do.Device)
		d.Patch = overlay(d.Patch, do.Patch)
	case do.Account != "":
		j.accounts[do.Account] = overlay(j.accounts[do.Account], do.Patch)
	default:
		j.base = j.base.Over(do.Patch)
	}
	for _, id := range j.ids() {
		j.soil(j.devices[id])
	}
}

// overlay lays the fields that b gives over those of a.
func overlay(a, b engine.PolicyPatch) engine.PolicyPatch {
	a.JITLead = cmp.Or(b.JITLead, a.JITLead)
	a.JITEarly = cmp.Or(b.JITEarly, a.JITEarly)
	a.ConfirmWithin = cmp.Or(b.ConfirmWithin, a.ConfirmWithin)
	a.BackoffMax = cmp.Or(b.BackoffMax, a.BackoffMax)
	a.Profile = cmp.Or(b.Profile, a.Profile)
	a.External = cmp.Or(b.External, a.External)
	return a
}

func (j *judge) pool(id lock.DeviceID, on bool, now time.Time, seq engine.Seq) {
	d := j.alter(id)
	d.Flips = append(d.Flips[max(0, len(d.Flips)+1-maxPast):], flip{seq, d.Pool})
	if d.Pool && !on {
		d.Drained = now
	}
	d.Pool = on
	j.soil(d)
}

// ids lists every lock in order.
func (j *judge) ids() []lock.DeviceID {
	ids := make([]lock.DeviceID, 0, len(j.devices))
	for id := range j.devices {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// soil has a lock judged at the end of this instant.
func (j *judge) soil(d *watched) {
	if !d.dirty && !j.off {
		d.dirty = true
		j.dirty = append(j.dirty, d)
	}
}

// record follows what happens to the locks, and looks for digits.
func (j *judge) record(r sim.Record) {
	if j.off {
		return
	}
	switch r.Kind {
	case sim.KindMemory:
		j.soil(j.device(r.Device))
	case sim.KindFired:
		j.fool(r.On, r.At)
	}
	if r.Kind != sim.KindBreach {
		j.silent(r.At, r.Device, string(r.Kind), r.Text)
	}
}

// fool notes that what is seen of a lock, or of all locks of a hub or account, may not be the truth from now on.
func (j *judge) fool(target string, at time.Time) {
	if d := j.devices[lock.DeviceID(target)]; d != nil {
		d.fooled, d.meddled, d.misled = true, true, at // no hub or account has the id of a lock
		return
	}
	for _, id := range j.ids() {
		if d := j.devices[id]; d.behind(target) {
			d.fooled, d.meddled, d.misled = true, true, at
		}
	}
}

// next returns the next instant at which a lock is to be judged although nothing happens.
func (j *judge) next() (time.Time, bool) {
	for len(j.edges) > 0 {
		e := j.edges[0]
		if e.at.Equal(e.d.edge) {
			return e.at, true
		}
		heap.Pop(&j.edges) // of a plan that has changed
	}
	return time.Time{}, false
}

// judge looks at every lock that changed, or has an edge, at t: the end of an instant.
func (j *judge) judge(t time.Time) {
	for {
		at, ok := j.next()
		if !ok || at.After(t) {
			break
		}
		d := heap.Pop(&j.edges).(edge).d
		d.edge = time.Time{}
		j.soil(d)
	}
	if len(j.dirty) == 0 {
		return
	}
	due := j.dirty
	j.dirty = j.judged[:0]
	slices.SortFunc(due, func(a, b *watched) int { return cmp.Compare(a.Device.ID, b.Device.ID) })
	for _, d := range due {
		d.dirty = false
		if at := j.inspect(d, t); at.IsZero() {
			d.edge = at
		} else if !at.Equal(d.edge) {
			d.edge = at
			heap.Push(&j.edges, edge{at, d})
		}
	}
	j.judged = due
}

// memory is what a lock holds, until the next question of that kind.
func (j *judge) memory(id lock.DeviceID) []sim.Memory {
	j.held = j.door.AppendMemory(j.held[:0], id)
	return j.held
}

// wouldOpen is what would open a lock now, until the next question of that kind.
func (j *judge) wouldOpen(id lock.DeviceID) []sim.Memory {
	j.opens = j.door.AppendOpen(j.opens[:0], id)
	return j.opens
}

// edge is an instant at which a lock is to be judged.
type edge struct {
	at time.Time
	d  *watched
}

type edges []edge

func (e edges) Len() int           { return len(e) }
func (e edges) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e edges) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *edges) Push(x any)        { *e = append(*e, x.(edge)) }
func (e *edges) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}

// stopped and started follow the engine's life.
func (j *judge) stopped() {
	j.halted = true
	for _, d := range j.devices {
		d.left = time.Time{}
		if !d.deadline.IsZero() {
			d.left = d.deadline.Add(grace)
		}
		d.deadline = time.Time{}
	}
}

func (j *judge) started(now time.Time) {
	j.halted, j.began = false, now
	for _, id := range j.ids() {
		j.soil(j.devices[id])
	}
}
