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
	"github.com/accesscodes/lockctl/internal/ordeal"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// noon is when the story begins, and hours counts from it.
var noon = time.Date(2026, time.May, 4, 12, 0, 0, 0, time.UTC)

func hours(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }

// story is one run of the house: commands, each repeated under its key until it is acknowledged, and calls.
type story struct {
	w      *world.World
	acked  map[string]engine.Receipt
	truth  map[float64][]string // what the doors say, by the hour at which they were asked
	broken []string
}

// tell runs the story on a store. outage is told when the store fails, and answers whether it serves again; ended is told
// when nothing should befall the store any more.
func tell(s store.Store, outage func(error) bool, ended func()) (*story, error) {
	y := &story{acked: map[string]engine.Receipt{}, truth: map[float64][]string{}}
	outages, over := 0, false
	o := world.Options{Seed: 11, Start: noon, Store: s, Spec: ordeal.House(), Ephemeral: true, Outage: func(err error) bool {
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
	if err := y.w.RunUntil(hours(ordeal.Ends)); err != nil {
		return y, err
	}
	ended()
	for _, b := range y.w.Breaches() {
		y.complain("breach after %s of %s on %s, code %s: %s", b.At.Sub(noon), b.Rule, b.Device, b.Code, b.Text)
	}
	ordeal.Journaled(y.w.Journal, y.acked, y.complain)
	return y, nil
}

func (y *story) complain(format string, args ...any) {
	y.broken = append(y.broken, fmt.Sprintf(format, args...))
}

// do lets a command be given at an hour.
func (y *story) do(o ordeal.Order) {
	y.w.Kernel().At(hours(o.Hour), sim.ClassStep, func() {
		for range 100 {
			r, err := y.w.Submit(engine.Command{Key: o.Key, Actor: "test", Do: o.Do})
			if err == nil {
				y.acked[o.Key] = r
				return
			}
			var no *engine.Refusal
			if errors.As(err, &no) {
				y.complain("%s: %v", o.Key, err)
				return
			}
		}
		y.complain("%s was never taken", o.Key)
	})
}

// post puts the story on the kernel.
func (y *story) post() {
	for _, o := range ordeal.Orders(noon) {
		y.do(o)
	}
	for _, h := range ordeal.Asked() {
		y.w.Kernel().At(hours(h), sim.ClassExpect, func() { y.truth[h] = y.doors() })
	}
}

// doors says for every lock which codes stand there with which digits, and which would open it. Spares are all alike.
func (y *story) doors() []string {
	var lines []string
	fleet := y.w.Fleet()
	for _, id := range ordeal.Doors() {
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
