package swarm

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/scenario"
)

// decision is something that the engine made up its mind to do, as the records show it.
type decision uint8

const (
	looked      decision = iota
	wrote                // a new entry
	wroteAgain           // what is not there, or may not be
	changed              // an entry in place
	overwrote            // the digits of what can't be erased
	erased               //
	refilled             // a spare of the pool
	pulled               // a spare for a guest
	fellBack             // to just in time
	backedOff            // after a failed call
	brokeOff             // opened the breaker of an account or a hub, or closed it
	sawHands             // told of what somebody did at the lock
	raised               // told of an issue
	cleared              // and that it is over
	confirmed            // told that a code is set
	decisionNum          // how many there are
)

// decisionNames are the columns of the coverage table.
var decisionNames = [decisionNum]string{
	"looked", "wrote", "wrote again", "changed", "overwrote", "erased", "refilled", "pulled", "fell back", "backed off", "broke off",
	"saw hands", "raised", "cleared", "confirmed",
}

// rests is the shortest time between a failed call and the next one of its lock that counts as backing off.
const rests = 5 * time.Second

// row finds the fault's place among sim.Kinds.
type row struct {
	name   string
	target sim.Target
}

func rows() map[row]uint64 {
	all := map[row]uint64{}
	for i, k := range sim.Kinds() {
		for _, t := range k.Targets {
			all[row{k.Name, t}] = 1 << i
		}
	}
	return all
}

// watcher sees which decisions are made in the face of which faults.
type watcher struct {
	rows  map[row]uint64
	seats map[lock.DeviceID]*seat
	at    map[string]*ails
	seen  [decisionNum]uint64 // faults by decision, a bit for each row of sim.Kinds
	fired uint64
}

// ails are the faults that were placed on a lock, hub or account and have changed something.
type ails struct {
	id     string
	target sim.Target
	now    uint64
}

// seat is a lock as the watcher follows it.
type seat struct {
	own, hub, account *ails
	failed            time.Time // its last call, if it failed
}

func newWatcher(f *scenario.File) *watcher {
	w := &watcher{rows: rows(), seats: map[lock.DeviceID]*seat{}, at: map[string]*ails{}}
	for _, l := range f.Spec.Locks {
		w.seat(l)
	}
	for _, s := range f.Steps {
		if add, ok := s.Do.(scenario.AddLock); ok {
			w.seat(add.Lock)
		}
	}
	return w
}

func (w *watcher) seat(l sim.LockSpec) {
	of := func(id string, t sim.Target) *ails {
		if w.at[id] == nil {
			w.at[id] = &ails{id: id, target: t}
		}
		return w.at[id]
	}
	s := &seat{own: of(string(l.ID), sim.TargetLock), account: of(cmp.Or(string(l.Account), "account"), sim.TargetAccount), hub: &ails{id: "?"}}
	if l.Hub != "" {
		s.hub = of(string(l.Hub), sim.TargetHub)
	}
	w.seats[l.ID] = s
}

// watch takes a record.
func (w *watcher) watch(x sim.Record) {
	switch x.Kind {
	case sim.KindFired:
		if a := w.at[x.On]; a != nil {
			bit := w.rows[row{x.Name, a.target}]
			a.now |= bit
			w.fired |= bit
		}
	case sim.KindHeal:
		if a := w.at[x.On]; a != nil {
			a.now &^= w.rows[row{x.Name, a.target}]
		}
	case sim.KindCall:
		w.call(x)
	case sim.KindOutcome:
		if s := w.seats[x.Device]; s != nil {
			if s.failed = (time.Time{}); x.Text != "ok" {
				s.failed = x.At
			}
		}
	case sim.KindEvent:
		w.event(x)
	}
}

// decided notes a decision about a lock.
func (w *watcher) decided(d decision, s *seat) { w.seen[d] |= s.own.now | s.hub.now | s.account.now }

func (w *watcher) call(x sim.Record) {
	s := w.seats[x.Device]
	if s == nil || s.own.now|s.hub.now|s.account.now == 0 {
		return
	}
	if !s.failed.IsZero() && x.At.Sub(s.failed) >= rests {
		w.decided(backedOff, s)
	}
	switch {
	case x.Name == "observe":
		w.decided(looked, s)
	case x.Name == "clear":
		w.decided(erased, s)
	case strings.HasPrefix(x.Text, "it can't be erased"):
		w.decided(overwrote, s)
	case strings.HasPrefix(x.Text, "it may not have landed"), strings.HasPrefix(x.Text, "it is not there"):
		w.decided(wroteAgain, s)
	case x.Text == "changes what the lock holds":
		w.decided(changed, s)
	case strings.Contains(string(x.Code), ".backup-"):
		w.decided(refilled, s)
	default:
		w.decided(wrote, s)
	}
}

// events are those that tell of a decision.
var events = map[string]decision{
	"access_code.backup_access_code_pulled": pulled,
	"access_code.modified_external_to_seam": sawHands,
	"access_code.deleted_external_to_seam":  sawHands,
	"access_code.unmanaged.created":         sawHands,
	"access_code.unmanaged.removed":         sawHands,
	"internal.access_code.native_refused":   fellBack,
	"access_code.set_on_device":             confirmed,
	"internal.issue.raised":                 raised,
	"internal.issue.cleared":                cleared,
}

func (w *watcher) event(x sim.Record) {
	if x.Device == "" {
		w.link(x)
		return
	}
	s, d, ok := w.seats[x.Device], decision(0), false
	if s == nil {
		return
	}
	if d, ok = events[x.Name]; !ok {
		return
	}
	if d == raised && strings.HasPrefix(x.Text, "native_declined") {
		w.decided(fellBack, s)
	}
	w.decided(d, s)
}

// link takes an event of an account or a hub, which its text names: its breaker opens, or closes.
func (w *watcher) link(x sim.Record) {
	switch x.Name {
	case "internal.issue.raised", "internal.issue.cleared", "connected_account.disconnected", "connected_account.connected":
	default:
		return
	}
	text := strings.FieldsFunc(x.Text, func(r rune) bool { return r == ' ' || r == ':' })
	for _, s := range w.seats {
		if slices.Contains(text, s.hub.id) || slices.Contains(text, s.account.id) {
			w.decided(brokeOff, s)
		}
	}
}
