// Package ordeal is the story that crashes and power cuts befall: without it each of those tests would know a house of its own,
// and a case that one of them had learnt would be missing in the other.
package ordeal

import (
	"maps"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// Ends is when the story is over and everything has come to rest, in hours after it began.
const Ends = 44

// Asked are hours at which nothing has happened for a while, so that the doors must say the same whatever befell the engine.
func Asked() []float64 { return []float64{3, 12, 16, 28, Ends} }

// Doors are the locks of the house: of each sort whose ambiguity differs one. Front and side hang on one hub, a just-in-time
// lock and a native one; back can't be read, and loft's cloud accepts first and writes later.
func Doors() []lock.DeviceID { return []lock.DeviceID{"front", "side", "back", "loft"} }

// House is the fleet of the story.
func House() sim.Spec {
	return sim.Spec{Locks: []sim.LockSpec{
		{ID: "front", Model: "jit.keypad", Account: "home", Hub: "attic"},
		{ID: "side", Model: "native.keypad", Account: "home", Hub: "attic"},
		{ID: "back", Model: "writeonly.keypad", Account: "deaf"},
		{ID: "loft", Model: "cloud.keypad", Account: "cloud"},
	}}
}

// Order is a command of the story, to be repeated under its key until it is acknowledged.
type Order struct {
	Hour float64 // after the beginning
	Key  string
	Do   engine.Action
}

// Orders are the commands of a story that begins at noon.
func Orders(noon time.Time) []Order {
	hours := func(h float64) time.Time { return noon.Add(time.Duration(h * float64(time.Hour))) }
	var all []Order
	order := func(h float64, key string, do engine.Action) { all = append(all, Order{h, key, do}) }
	for i, id := range Doors() {
		name := func(s string) lock.CodeID { return lock.CodeID(s + "-" + string(id)) }
		if i < 2 {
			order(0.1, string(name("pool")), engine.SetPool{Device: id, On: true})
		}
		order(0.2, string(name("care")), engine.Create{ID: name("care"), Device: id, Name: "care"})
		order(1, string(name("first")), engine.Create{
			ID: name("first"), Device: id, PIN: pin([]string{"482951", "593062", "604173", "715284"}[i]), Starts: hours(4), Ends: hours(20),
		})
		order(2, string(name("second")), engine.Create{ID: name("second"), Device: id, Starts: hours(23), Ends: hours(38)})
		order(21, string(name("told")), engine.Reveal{Code: name("second")})
	}
	later, sooner := hours(21), hours(18)
	order(6, "pull", engine.PullBackup{Code: "first-front"})
	order(7, "shorten", engine.Update{Code: "first-side", Ends: &sooner})
	order(8, "extend", engine.Update{Code: "first-loft", Ends: &later})
	order(9, "rotate", engine.Rotate{Code: "care-front", PIN: pin("826395")})
	order(24, "withdraw", engine.Delete{Code: "second-loft"})
	order(25, "dismiss", engine.Delete{Code: "care-side"})
	return all
}

func pin(digits string) lock.PIN {
	p, err := lock.ParsePIN(digits)
	if err != nil {
		panic(err) // one of those above
	}
	return p
}

// Journaled looks at the journal of a story that has ended: every command of it is there once, those that were acknowledged, by
// their keys, under the numbers of their receipts. complain is told what is not so.
func Journaled(journal func(after engine.Seq, limit int) ([]engine.Event, error), acked map[string]engine.Receipt, complain func(format string, args ...any)) {
	there, times := map[engine.Seq]string{}, map[string]int{}
	for after := engine.Seq(0); ; {
		page, err := journal(after, 256)
		if err != nil {
			complain("journal: %v", err)
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
	for _, o := range Orders(time.Time{}) {
		want := "command." + o.Do.Verb()
		wanted[want]++
		if r, ok := acked[o.Key]; ok && there[r.Seq] != want {
			complain("%s was acknowledged as %d, where the journal has %q", o.Key, r.Seq, there[r.Seq])
		}
	}
	for _, verb := range slices.Sorted(maps.Keys(wanted)) {
		if times[verb] != wanted[verb] {
			complain("the journal has %s %d times, want %d", verb, times[verb], wanted[verb])
		}
	}
}
