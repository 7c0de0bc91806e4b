//go:build linux && (amd64 || arm64)

package powercut

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// noon is when the story begins, and hours counts from it.
var noon = time.Date(2026, time.May, 4, 12, 0, 0, 0, time.UTC)

func hours(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }

// storyEnds is when everything has come to rest, in hours after noon.
const storyEnds = 44

// doors are the locks of the story: of each kind that a lost answer hits differently one. They keep what they hold through
// every power cut of the engine's machine.
func doors() []lock.DeviceID { return []lock.DeviceID{"front", "side", "back", "loft"} }

func house() sim.Spec {
	return sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "jit.keypad", Account: "home", Hub: "attic"},
		{ID: "side", Model: "native.keypad", Account: "home", Hub: "attic"},
		{ID: "back", Model: "writeonly.keypad", Account: "deaf"},
		{ID: "loft", Model: "cloud.keypad", Account: "cloud"},
	}}
}

// story is one run of the house: commands, each repeated under its key until it is acknowledged, and calls.
type story struct {
	w      *world.World
	acked  map[string]engine.Receipt // by key
	verbs  map[string]string
	truth  map[float64][]string // what the doors say, by the hour at which they were asked
	broken []string
}

// tell runs the story on a store. outage is told when the store fails, and answers whether it serves again; ended is told
// when nothing should befall the store any more.
func tell(s store.Store, outage func(error) bool, ended func()) (*story, error) {
	y := &story{acked: map[string]engine.Receipt{}, verbs: map[string]string{}, truth: map[float64][]string{}}
	outages, over := 0, false
	o := world.Options{Seed: 11, Start: noon, Store: s, Spec: house(), Ephemeral: true, Outage: func(err error) bool {
		outages++
		over = !outage(err)
		return !over
	}}
	for y.w == nil {
		before := outages
		w, err := world.New(bg(), o)
		if err != nil && (over || outages == before && !(errors.Is(err, errGone) && o.Outage(err))) {
			return nil, err
		}
		y.w = w // nil if the store failed while the house was founded: that is tried again
	}
	y.post()
	if err := y.w.RunUntil(hours(storyEnds)); err != nil {
		return y, err
	}
	ended()
	for _, b := range y.w.Breaches() {
		y.complain("breach after %s of %s on %s, code %s: %s", b.At.Sub(noon), b.Rule, b.Device, b.Code, b.Text)
	}
	y.journaled()
	return y, nil
}

func (y *story) complain(format string, args ...any) {
	y.broken = append(y.broken, fmt.Sprintf(format, args...))
}

// do lets a command be given at an hour.
func (y *story) do(h float64, key string, action engine.Action) {
	y.w.Kernel().At(hours(h), sim.ClassStep, func() {
		for range 100 {
			r, err := y.w.Submit(engine.Command{Key: key, Actor: "test", Do: action})
			if err == nil {
				y.acked[key], y.verbs[key] = r, action.Verb()
				return
			}
			var no *engine.Refusal
			if errors.As(err, &no) {
				y.complain("%s: %v", key, err)
				return
			}
		}
		y.complain("%s was never taken", key)
	})
}

// post puts the story on the kernel.
func (y *story) post() {
	for i, id := range doors() {
		name := func(s string) lock.CodeID { return lock.CodeID(s + "-" + string(id)) }
		if i < 2 {
			y.do(0.1, string(name("pool")), engine.SetPool{Device: id, On: true})
		}
		y.do(0.2, string(name("care")), engine.Create{ID: name("care"), Device: id, Name: "care"})
		y.do(1, string(name("first")), engine.Create{
			ID: name("first"), Device: id, PIN: pin([]string{"482951", "593062", "604173", "715284"}[i]), Starts: hours(4), Ends: hours(20),
		})
		y.do(2, string(name("second")), engine.Create{ID: name("second"), Device: id, Starts: hours(23), Ends: hours(38)})
		y.do(21, string(name("told")), engine.Reveal{Code: name("second")})
	}
	later, sooner := hours(21), hours(18)
	y.do(6, "pull", engine.PullBackup{Code: "first-front"})
	y.do(7, "shorten", engine.Update{Code: "first-side", Ends: &sooner})
	y.do(8, "extend", engine.Update{Code: "first-loft", Ends: &later})
	y.do(9, "rotate", engine.Rotate{Code: "care-front", PIN: pin("826395")})
	y.do(24, "withdraw", engine.Delete{Code: "second-loft"})
	y.do(25, "dismiss", engine.Delete{Code: "care-side"})
	for _, h := range []float64{3, 12, 16, 28, storyEnds} { // nothing has happened for a while
		y.w.Kernel().At(hours(h), sim.ClassExpect, func() { y.truth[h] = y.doors() })
	}
}

func pin(digits string) lock.PIN {
	p, err := lock.ParsePIN(digits)
	if err != nil {
		panic(err)
	}
	return p
}

// doors says for every lock which codes stand there with which digits, and which would open it. Spares are all alike.
func (y *story) doors() []string {
	var lines []string
	fleet := y.w.Fleet()
	for _, id := range doors() {
		named := func(m sim.Memory) string {
			for _, mine := range []string{"care-", "first-", "second-"} {
				if strings.HasPrefix(string(m.Code), mine) {
					return string(m.Code) + " " + m.PIN.Reveal()
				}
			}
			return "a spare"
		}
		one := map[lock.CodeID]bool{}
		for _, m := range fleet.Memory(id) {
			lines = append(lines, fmt.Sprintf("%s holds %s %v %v", id, named(m), m.Window, m.Enabled))
			if one[m.Code] {
				y.complain("after %s %s holds %s twice", y.w.Now().Sub(noon), id, m.Code)
			}
			one[m.Code] = true
		}
		for _, m := range fleet.WouldOpen(id) {
			lines = append(lines, fmt.Sprintf("%s opens to %s", id, named(m)))
		}
	}
	slices.Sort(lines)
	return lines
}

// journaled looks for every acknowledged command in the journal: there, under its number, and none of them twice.
func (y *story) journaled() {
	there, times := map[engine.Seq]string{}, map[string]int{}
	for after := engine.Seq(0); ; {
		page, err := y.w.Journal(after, 256)
		if err != nil {
			y.complain("journal: %v", err)
			return
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			after = e.Seq
			there[e.Seq] = e.Type
			times[e.Type]++
		}
	}
	wanted := map[string]int{}
	for key, r := range y.acked {
		want := "command." + y.verbs[key]
		wanted[want]++
		if there[r.Seq] != want {
			y.complain("%s was acknowledged as %d, where the journal has %q", key, r.Seq, there[r.Seq])
		}
	}
	for _, verb := range []string{"create", "update", "delete", "rotate", "pull_backup"} {
		if n, want := times["command."+verb], wanted["command."+verb]; n != want {
			y.complain("the journal has %s %d times, want %d", verb, n, want)
		}
	}
}

// compare holds a story against one that nothing befell.
func (y *story) compare(whole *story) {
	for h, want := range whole.truth {
		if got := y.truth[h]; !slices.Equal(got, want) {
			y.complain("at the doors after %v h:\n\t%s\nwant\n\t%s", h, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
	if len(y.acked) != len(whole.acked) {
		y.complain("%d commands were acknowledged, want %d", len(y.acked), len(whole.acked))
	}
}
