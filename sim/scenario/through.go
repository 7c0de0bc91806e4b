package scenario

import (
	"errors"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// Through has stories happen at locks of one vendor, behind its driver and its protocol. What a story says of the world holds there as
// well: steps, what keypads do, which status codes have. What it says of the simulator's own locks does not: how often they are called,
// evidence, issues, lines of the journal.
type Through struct {
	Provider  string
	Model     string      // of the simulator's locks that stand for the vendor's
	Traits    lock.Traits // as the driver lists them
	Push      bool        // its webhooks come to notices
	Hosted    bool        // a service in between keeps codes by itself
	Disabled  bool        // it tells which codes somebody has disabled
	HidesFull bool        // a write for which a lock has no room looks like one that is lost
	Direct    bool        // there is no cloud: its locks are spoken to themselves
	Most      int         // locks that an account of it has at most; 0: as many as a story wants
	Wire      world.Wiring
}

// opening is how long before a story its accounts are listed.
const opening = time.Minute

// locksOfAHub is how many locks share a hub where a story has none.
const locksOfAHub = 10

// lay returns the story as it happens at the vendor's locks, or why it can't.
func (x *Through) lay(f *File) (*File, string) {
	f = x.share(f)
	if why := x.lacks(f); why != "" {
		return nil, why
	}
	out := *f
	out.Spec.Locks, out.Steps = mounted(f)
	if x.Traits.OfflineOnly && !slices.Contains(f.Needs, namedModels) {
		out.Spec.Accounts = x.hours(f)
	}
	for i := range out.Spec.Locks {
		l := &out.Spec.Locks[i]
		l.Model, l.Name = x.Model, ""
		if l.Hub == "" { // which some vendors' locks have always
			l.Hub = lock.HubID(string(l.Account) + "-hub-" + strconv.Itoa(i/locksOfAHub+1))
		}
	}
	pins := x.pins(&out)
	chosen := map[lock.PIN]lock.CodeID{}
	for i := range out.Steps {
		if s := &out.Steps[i]; s.Refused == "" {
			if x.chooses() {
				s.Do = unchosen(s.Do, chosen)
			}
			if !x.Traits.UpdatesInPlace {
				s.Do = gapAccepted(s.Do)
			}
		}
		out.Steps[i].Do = translate(out.Steps[i].Do, func(p lock.PIN) lock.PIN {
			if q, ok := pins[p]; ok {
				return q
			}
			return p
		})
	}
	for i := range out.Steps {
		if do, ok := out.Steps[i].Do.(Type); ok && x.onTheWay(out.Steps, out.Steps[i].At, do) {
			do.Opens = nil
			out.Steps[i].Do = do
		}
	}
	out.Run += x.late()
	out.Expects = nil
	for _, e := range f.Expects {
		if e.Code == nil {
			continue
		}
		c := ExpectCode{Codes: e.Code.Codes, Count: e.Code.Count, Opens: e.Code.Opens}
		if s := e.Code.Status; s != nil && *s != engine.StatusSetting && *s != engine.StatusRemoving {
			c.Status = s
		}
		if c.Status != nil || c.Opens != nil {
			e.Code = &c
			out.Expects = append(out.Expects, e)
		}
	}
	out.Check.Limits, out.Check.PerLock, out.Check.PerSystem = Limits{}, nil, nil
	out.Check.Sometimes = slices.DeleteFunc(slices.Clone(f.Check.Sometimes), func(o Occurrence) bool { return o.Kind != "fault" })
	return &out, ""
}

// mounted returns the locks and steps of a story whose locks hang at their doors from the start, also those that it mounts later: a vendor
// lists them when its account is opened.
func mounted(f *File) ([]sim.LockSpec, []Step) {
	locks, steps := slices.Clone(f.Spec.Locks), []Step(nil)
	for _, s := range f.Steps {
		if do, ok := s.Do.(AddLock); ok {
			locks = append(locks, do.Lock)
		} else {
			steps = append(steps, s)
		}
	}
	return locks, steps
}

// arrived reports whether a code that is on its way is where it shall be, although its vendor has not told so yet: the lock opens for it, or
// does no more. Before the start that depends on who keeps its schedule: it may wait on a lock that turns it on by itself, and be written
// ahead to one that does not.
func (r *run) arrived(want engine.Status, v engine.CodeView) bool {
	if r.o.Through == nil {
		return false
	}
	if r.w.Now().Before(v.Starts) {
		switch {
		case want == engine.StatusSet && v.Status == engine.StatusUnset && v.Scheduled:
			return true
		case want == engine.StatusUnset && (v.Status == engine.StatusSetting || v.Status == engine.StatusSet):
			return true
		}
	}
	opens := r.among(r.w.Fleet().WouldOpen(v.Device), v)
	return want == engine.StatusSet && v.Status == engine.StatusSetting && opens ||
		(want == engine.StatusGone || want == engine.StatusUnset) && v.Status == engine.StatusRemoving && !opens
}

// late is how much later than the simulator's own locks a vendor's may do as they are told: a cloud passes on what it has taken, and where
// it is the cloud that lists, the engine waits until it can be believed.
func (x *Through) late() time.Duration {
	if x.Traits.CloudList || x.Traits.CannotList {
		return engine.DefaultPolicy().ConfirmWithin + time.Minute
	}
	return time.Minute
}

// chooses reports whether the vendor chooses the digits. What somebody chose for a code is then left out, and people type what they are told.
func (x *Through) chooses() bool { return x.Traits.AssignsPIN || x.Traits.OfflineOnly }

// leavesOut reports whether the digits of a step can be left out.
func (x *Through) leavesOut(s Step) bool {
	c, ok := s.Do.(Command)
	if !ok {
		return false
	}
	switch c.Action.(type) {
	case engine.Create, engine.CreateMany:
		return x.chooses()
	}
	return false
}

// unchosen leaves out the digits that a creation gives, and has whoever types them type those of the code instead.
func unchosen(do Do, chosen map[lock.PIN]lock.CodeID) Do {
	switch do := do.(type) {
	case Command:
		if a, ok := do.Action.(engine.Create); ok && !a.PIN.IsZero() {
			chosen[a.PIN] = a.ID
			a.PIN = lock.PIN{}
			do.Action = a
		}
		if a, ok := do.Action.(engine.CreateMany); ok {
			a.Like.PIN, a.OwnPINs = lock.PIN{}, true
			do.Action = a
		}
		return do
	case Type:
		if id, ok := chosen[do.PIN]; ok && do.Code == "" {
			do.Code, do.PIN = id, lock.PIN{}
		}
		return do
	}
	return do
}

// gapAccepted has whoever changes a code accept that the lock is without it for a moment, where it can't be changed otherwise.
func gapAccepted(do Do) Do {
	c, ok := do.(Command)
	if !ok {
		return do
	}
	switch a := c.Action.(type) {
	case engine.Update:
		a.AcceptGap = true
		c.Action = a
	case engine.UpdateMany:
		a.AcceptGap = true
		c.Action = a
	case engine.Convert:
		a.AcceptGap = true
		c.Action = a
	case engine.Rotate:
		a.AcceptGap = true
		c.Action = a
	case engine.Undo:
		a.AcceptGap = true
		c.Action = a
	}
	return c
}

// toldNow asks the engine for the digits of a code that its vendor chose; zero: there are none yet.
func (r *run) toldNow(at lock.DeviceID, code lock.CodeID) lock.PIN {
	if x := r.o.Through; x == nil || !x.chooses() {
		return lock.PIN{}
	}
	receipt, err := r.w.Submit(engine.Command{Actor: actor, Do: engine.Reveal{Code: r.id(code)}})
	if err == nil && len(receipt.PINs) > 0 && !receipt.PINs[0].IsZero() {
		r.told[code] = receipt.PINs[0]
	}
	if errors.Is(err, world.ErrStopped) && r.told[code].IsZero() { // people were told before
		for _, m := range r.w.Fleet().Memory(at) {
			if m.Code == r.id(code) {
				r.told[code] = m.PIN
			}
		}
	}
	return r.told[code]
}

// early reports whether an action tells digits that their vendor may not have chosen yet: people type them when they are there.
func (r *run) early(do engine.Action) bool {
	_, reveal := do.(engine.Reveal)
	return reveal && r.o.Through != nil && r.o.Through.chooses()
}

// later has what is not as wanted now judged once more, when the vendor has had its time.
func (r *run) later(judge func()) {
	r.w.Kernel().At(r.w.Now().Add(r.o.Through.late()), sim.ClassExpect, judge)
}

// patient judges an expectation of a story that happens at a vendor's locks.
func (r *run) patient(e *Expect) {
	before := len(r.failed)
	r.trial = true
	r.expect(e)
	r.trial = false
	if len(r.failed) > before {
		r.failed = r.failed[:before]
		r.later(func() { r.expect(e) })
	}
}

// typed judges a try at a vendor's lock. Whether a code opens before its start depends on who keeps its schedule: the rules alone judge that.
func (r *run) typed(at Pos, do Type, pin lock.PIN, opened bool) {
	if do.Opens == nil || *do.Opens == opened {
		return
	}
	if v, err := r.view(do.Code); do.Code != "" && err == nil && r.w.Now().Before(v.Starts) {
		return
	}
	r.later(func() {
		if pin.IsZero() {
			pin = r.toldNow(do.Lock, do.Code)
		}
		if opens := slices.ContainsFunc(r.w.Fleet().WouldOpen(do.Lock), func(m sim.Memory) bool { return m.PIN == pin }); opens != *do.Opens {
			r.fail(at, do.Lock, do.Code, "want the keypad of %s to open: %v; also %v later it is %v", do.Lock, *do.Opens, r.o.Through.late(), opens)
		}
	})
}

// pins gives each PIN of a story one that the vendor's locks take: itself, if they do. Those of a step that must be refused stay as they are.
func (x *Through) pins(f *File) map[lock.PIN]lock.PIN {
	to, taken := map[lock.PIN]lock.PIN{}, map[lock.PIN]bool{}
	var todo []lock.PIN
	for _, s := range f.Steps {
		if s.Refused != "" {
			continue
		}
		translate(s.Do, func(p lock.PIN) lock.PIN {
			if p.IsZero() || slices.Contains(todo, p) || taken[p] {
				return p
			}
			if x.Traits.CheckPIN(p) == nil {
				taken[p] = true
			} else {
				todo = append(todo, p)
			}
			return p
		})
	}
	for _, p := range todo {
		q, ok := x.Traits.Draw(x.Traits.Length(p.Len()), func(q lock.PIN) bool { return taken[q] }, func(attempt int) uint64 {
			h := fnv.New64a()
			h.Write([]byte(p.Reveal() + "|" + strconv.Itoa(attempt)))
			return h.Sum64() * 0x9e3779b97f4a7c15
		})
		if ok {
			to[p] = q
			taken[q] = true
		}
	}
	return to
}

// translate returns what a step does with every PIN replaced.
func translate(do Do, pin func(lock.PIN) lock.PIN) Do {
	switch do := do.(type) {
	case Command:
		switch a := do.Action.(type) {
		case engine.Create:
			a.PIN = pin(a.PIN)
			do.Action = a
		case engine.CreateMany:
			a.Like.PIN = pin(a.Like.PIN)
			do.Action = a
		case engine.Update:
			if a.PIN != nil {
				p := pin(*a.PIN)
				a.PIN = &p
			}
			do.Action = a
		case engine.Rotate:
			a.PIN = pin(a.PIN)
			do.Action = a
		}
		return do
	case Type:
		do.PIN = pin(do.PIN)
		return do
	case Edit:
		do.Edit.PIN = pin(do.Edit.PIN)
		return do
	case Fault:
		if p, err := lock.ParsePIN(do.Fault.Text); err == nil {
			do.Fault.Text = pin(p).Reveal()
		}
		return do
	}
	return do
}
