package world

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// scenario writes the session as a TOML scenario. Every PIN, name and id in it is a new one.
func (s *session) scenario(w *World) ([]byte, error) {
	if s.more {
		return nil, fmt.Errorf("save: the session has more than %d deeds", maxDeeds)
	}
	t := &teller{w: w, names: map[string]string{}, pins: map[lock.PIN]lock.PIN{}, counts: map[string]int{},
		luck: rand.NewPCG(w.o.Seed, 1)}
	t.head(s)
	slices.SortStableFunc(s.deeds, func(a, b deed) int { return a.at.Compare(b.at) })
	undone := map[engine.Seq]bool{}
	for _, d := range s.deeds {
		if u, ok := d.did.(engine.Undo); ok {
			undone[u.Receipt] = true
		}
	}
	for _, d := range s.deeds {
		line, err := t.deed(d)
		if err != nil {
			return nil, err
		}
		if line == "" {
			continue
		}
		fmt.Fprintf(&t.out, "\n[[at]]\nt = %q\n", d.at.Sub(s.start).String())
		if f, ok := d.did.(sim.Fault); ok {
			fmt.Fprintf(&t.out, "id = %q\n", t.name("fault", f.ID))
		}
		if undone[d.took.Seq] && d.took.Seq != 0 {
			fmt.Fprintf(&t.out, "id = %q\n", t.name("step", strconv.FormatInt(int64(d.took.Seq), 10)))
		}
		t.out.WriteString(line + "\n")
	}
	return []byte(t.out.String()), nil
}

// teller writes deeds under neutral names.
type teller struct {
	w      *World
	luck   *rand.PCG
	out    strings.Builder
	names  map[string]string
	counts map[string]int
	pins   map[lock.PIN]lock.PIN
}

// name returns the neutral name of a thing: what it is, and a number.
func (t *teller) name(what, id string) string {
	key := what + "\x00" + id
	if t.names[key] == "" {
		t.counts[what]++
		t.names[key] = what + "-" + strconv.Itoa(t.counts[what])
	}
	return t.names[key]
}

func (t *teller) lock(id lock.DeviceID) string { return t.name("lock", string(id)) }
func (t *teller) code(id lock.CodeID) string   { return t.name("code", string(id)) }

// pin returns the new digits that stand for p: as many, and such as the lock takes.
func (t *teller) pin(device lock.DeviceID, p lock.PIN) string {
	if fresh, ok := t.pins[p]; ok {
		return fresh.Reveal()
	}
	taken := func(fresh lock.PIN) bool {
		if fresh == p {
			return true
		}
		for _, other := range t.pins {
			if other == fresh {
				return true
			}
		}
		return false
	}
	traits := t.w.judge.device(device).Device.Traits
	if !slices.Contains(traits.Lengths(), p.Len()) {
		traits = lock.Traits{PINLengths: []int{p.Len()}}
	}
	fresh, ok := traits.Draw(p.Len(), taken, func(int) uint64 { return t.luck.Uint64() })
	if !ok {
		fresh, _ = lock.Traits{PINLengths: []int{p.Len()}}.Draw(p.Len(), taken, func(int) uint64 { return t.luck.Uint64() })
	}
	t.pins[p] = fresh
	return fresh.Reveal()
}

// head writes what the world is made of.
func (t *teller) head(s *session) {
	end := max(t.w.Now().Sub(s.start), time.Second)
	fmt.Fprintf(&t.out, "[scenario]\nname = \"saved session\"\nstart = %s\nrun = %q\nseed = %d\n",
		s.start.Format(time.RFC3339Nano), end.String(), t.w.o.Seed&(1<<63-1))
	spec := t.w.o.Spec
	for _, a := range spec.Accounts {
		t.table("account", field("id", t.name("account", string(a.ID))), number("rate", a.Rate), span("latency", a.Latency))
	}
	hubs, named := slices.Clone(spec.Hubs), map[lock.HubID]bool{"": true}
	for _, h := range hubs {
		named[h.ID] = true
	}
	for _, l := range spec.Locks { // a world knows hubs that only its locks name; a scenario wants them told
		if !named[l.Hub] {
			named[l.Hub] = true
			hubs = append(hubs, sim.HubSpec{ID: l.Hub, Account: cmp.Or(l.Account, "account")})
		}
	}
	for _, h := range hubs {
		t.table("hub", field("id", t.name("hub", string(h.ID))), field("account", t.account(h.Account)),
			number("queue", h.Queue), span("pace", h.Pace))
	}
	added := map[lock.DeviceID]bool{}
	for _, d := range s.deeds {
		if l, ok := d.did.(sim.LockSpec); ok {
			added[l.ID] = true
		}
	}
	for _, l := range spec.Locks {
		if !added[l.ID] {
			t.table("lock", t.lockFields(l)...)
		}
	}
	if base := patchOf(t.w.o.Policy); len(base) > 0 {
		fmt.Fprintf(&t.out, "\n[policy]\n%s\n", strings.Join(base, "\n"))
	}
}

func (t *teller) account(id lock.AccountID) string {
	if id == "" {
		return ""
	}
	return t.name("account", string(id))
}

func (t *teller) lockFields(l sim.LockSpec) []string {
	hub := ""
	if l.Hub != "" {
		hub = t.name("hub", string(l.Hub))
	}
	f := []string{
		field("id", t.lock(l.ID)), field("model", l.Model), field("account", t.account(cmp.Or(l.Account, "account"))), field("hub", hub),
		field("zone", l.Zone), number("slots", l.Slots), span("drift", l.Drift),
	}
	if l.Battery > 0 {
		f = append(f, "battery = "+strconv.FormatFloat(l.Battery, 'g', -1, 64))
	}
	return f
}

func (t *teller) table(name string, fields ...string) {
	fmt.Fprintf(&t.out, "\n[[%s]]\n%s\n", name, strings.Join(filled(fields), "\n"))
}

// The fields of a table. An empty value is left out.

func field(key, value string) string {
	if value == "" {
		return ""
	}
	return key + " = " + strconv.Quote(value)
}

func number(key string, n int) string {
	if n == 0 {
		return ""
	}
	return key + " = " + strconv.Itoa(n)
}

func span(key string, d time.Duration) string {
	if d == 0 {
		return ""
	}
	return field(key, d.String())
}

func moment(key string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return field(key, t.UTC().Format(time.RFC3339Nano))
}

func yes(key string, b bool) string {
	if !b {
		return ""
	}
	return key + " = true"
}

func filled(fields []string) []string {
	return slices.DeleteFunc(fields, func(f string) bool { return f == "" })
}

// verb writes a verb with its table.
func verb(name string, fields ...string) string {
	return name + " = { " + strings.Join(filled(fields), ", ") + " }"
}

// deed writes what was done.
func (t *teller) deed(d deed) (string, error) {
	switch did := d.did.(type) {
	case engine.Action:
		return t.command(did, d)
	case sim.Fault:
		return t.fault(did), nil
	case heal:
		for _, f := range t.w.log.deeds {
			if x, ok := f.did.(sim.Fault); ok && x.ID == string(did) {
				return field("heal", t.name("fault", string(did))), nil
			}
		}
		return field("heal", t.target(string(did))), nil
	case tried:
		opens := "opens = " + strconv.FormatBool(did.opens)
		if did.code != "" {
			return verb("type", field("lock", t.lock(did.lock)), field("code", t.code(did.code)), opens), nil
		}
		return verb("type", field("lock", t.lock(did.lock)), field("pin", t.pin(did.lock, did.pin)), opens), nil
	case sim.Edit:
		return t.edit(did), nil
	case sim.LockSpec:
		return verb("add_lock", t.lockFields(did)...), nil
	}
	return "", errors.New("save: the session holds something that no scenario can say")
}

// target is the neutral name of a lock, hub or account.
func (t *teller) target(id string) string {
	for _, l := range t.w.o.Spec.Locks {
		switch id {
		case string(l.ID):
			return t.lock(l.ID)
		case string(l.Hub):
			return t.name("hub", id)
		}
	}
	return t.name("account", id)
}

func (t *teller) fault(f sim.Fault) string {
	fields := []string{
		field("on", t.target(f.On)), field("kind", f.Kind), span("for", f.For), field("op", f.Op), number("after", f.After),
	}
	if f.P > 0 {
		fields = append(fields, "p = "+strconv.FormatFloat(f.P, 'g', -1, 64))
	}
	keys := make([]string, 0, len(f.Args))
	for k := range f.Args {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fields = append(fields, k+" = "+strconv.FormatFloat(f.Args[k], 'g', -1, 64))
	}
	if f.Text != "" {
		text := f.Text
		if p, err := lock.ParsePIN(text); err == nil {
			text = t.pin(lock.DeviceID(f.On), p)
		}
		fields = append(fields, field("text", text))
	}
	return verb("fault", fields...)
}

func (t *teller) edit(e sim.Edit) string {
	fields := []string{field("lock", t.lock(e.Lock)), field("kind", string(e.Kind))}
	switch {
	case e.Code != "":
		fields = append(fields, field("code", t.code(e.Code)))
	default:
		fields = append(fields, number("slot", e.Slot))
	}
	if !e.PIN.IsZero() {
		fields = append(fields, field("pin", t.pin(e.Lock, e.PIN)))
	}
	if e.Name != "" {
		fields = append(fields, field("name", t.name("name", e.Name)))
	}
	return verb("edit", append(fields, moment("starts", e.Window.From), moment("ends", e.Window.To))...)
}
