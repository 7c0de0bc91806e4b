package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// kills is how often the demonstration is killed, killSeed where: after so many bytes on the terminal.
const (
	kills    = 8
	killSeed = 1
)

// killedDemonstration runs the demonstration at its fastest pace, kills it again and again at moments that it can't choose,
// and lets it go on each time. In the end the doors must be as those of a demonstration that was never killed.
func killedDemonstration(t *testing.T, bin string) {
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "TZ=UTC")
	dir := filepath.Join(home, ".local", "share", "lockctl", "demo")
	luck := rand.New(rand.NewPCG(killSeed, 0))
	var stood time.Time
	for n := range kills {
		s := start(t, patience, env, bin, "demo", "--theme", "dark")
		s.until("SIMULATED")
		if n == 0 {
			for _, rate := range []string{"×600", "×3600", "×21600", "×86400"} { // a key for each, once the one before has worked
				s.press(">")
				s.until(rate)
			}
		}
		s.until("×86400") // the pace outlives the kill
		s.swallow(luck.IntN(90_000))
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if code := s.end(); code != -1 {
			t.Errorf("kill %d: the program ended by itself with %d: %q", n, code, s.seen.String())
		}
		reopened(t, dir, func(w *world.World) {
			if w.Now().Before(stood) {
				t.Errorf("kill %d: the clock stands at %s, and stood at %s before", n, w.Now(), stood)
			}
			stood = w.Now()
			unbroken(t, w)
		})
	}

	// Three in the morning in Berlin, when nobody comes or goes: any delay of a write or erase is over by then.
	quiet := stood.Truncate(24 * time.Hour).Add(4*24*time.Hour + 2*time.Hour)
	o := world.Demo(demoSeed)
	o.Store = memkv.New()
	whole, err := world.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.RunUntil(quiet); err != nil {
		t.Fatal(err)
	}
	want, codes := doors(t, whole), booked(t, whole)
	if len(want) < 40 || len(codes) < 60 {
		t.Fatalf("%d entries on the locks and %d bookings are too few to mean anything", len(want), len(codes))
	}
	reopened(t, dir, func(w *world.World) {
		if err := w.RunUntil(quiet); err != nil {
			t.Fatal(err)
		}
		unbroken(t, w)
		same(t, doors(t, w), want)
		same(t, booked(t, w), codes)
	})
	if lived := stood.Sub(o.Opens); lived < time.Hour {
		t.Errorf("it was killed %d times within %s of its own time, too early to mean anything", kills, lived)
	}
}

// same compares what there is after all the kills with what there is without them, both sorted.
func same(t *testing.T, got, want []string) {
	t.Helper()
	for len(got) > 0 || len(want) > 0 {
		switch {
		case len(want) == 0 || len(got) > 0 && got[0] < want[0]:
			t.Errorf("only after the kills: %s", got[0])
			got = got[1:]
		case len(got) == 0 || want[0] < got[0]:
			t.Errorf("only without kills: %s", want[0])
			want = want[1:]
		default:
			got, want = got[1:], want[1:]
		}
	}
}

// swallow reads so many bytes more of the terminal.
func (s *session) swallow(n int) {
	s.t.Helper()
	b := make([]byte, 512)
	for n > 0 {
		k, err := s.tty.Read(b[:min(n, len(b))])
		if err != nil {
			s.t.Fatalf("the program ended by itself: %v", err)
		}
		n -= k
	}
}

// reopened opens a world that was killed, and closes it again.
func reopened(t *testing.T, dir string, fn func(*world.World)) {
	t.Helper()
	key, err := badgerkv.KeyFile(dir + ".key")
	if err != nil {
		t.Fatal(err)
	}
	var s store.Store
	if s, err = badgerkv.Open(badgerkv.Options{Dir: dir, Key: key}); err != nil {
		t.Fatal(err)
	}
	w, err := world.New(t.Context(), world.Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	fn(w)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// unbroken looks for broken promises and for codes that stand on a lock twice.
func unbroken(t *testing.T, w *world.World) {
	t.Helper()
	for _, b := range w.Breaches() {
		t.Errorf("breach at %s of %s on %s, code %s: %s", b.At.Format(time.RFC3339), b.Rule, b.Device, b.Code, b.Text)
	}
	for _, d := range w.Fleet().Devices() {
		one := map[lock.CodeID]bool{}
		for _, m := range w.Fleet().Memory(d.ID) {
			if m.Code != "" && one[m.Code] {
				t.Errorf("at %s %s holds %s twice", w.Now().Format(time.RFC3339), d.ID, m.Code)
			}
			one[m.Code] = true
		}
	}
}

// doors says what every lock holds, and what would open it. Spares are all alike. Digits that a provider draws are left out:
// asked once more than it remembers, it draws others.
func doors(t *testing.T, w *world.World) []string {
	t.Helper()
	var lines []string
	say := func(d lock.Device, verb string, all []sim.Memory) {
		for _, m := range all {
			digits := m.PIN.Reveal()
			if d.Traits.AssignsPIN {
				digits = "the provider's digits"
			}
			if strings.HasPrefix(string(m.Code), "stay-") || strings.HasPrefix(string(m.Code), "care-") {
				lines = append(lines, fmt.Sprintf("%s %s %s %s %v", d.ID, verb, m.Code, digits, m.Window))
			} else {
				lines = append(lines, fmt.Sprintf("%s %s another", d.ID, verb))
			}
		}
	}
	for _, d := range w.Fleet().Devices() {
		say(d, "holds", w.Fleet().Memory(d.ID))
		say(d, "opens to", w.Fleet().WouldOpen(d.ID))
	}
	slices.Sort(lines)
	return lines
}

// booked lists the codes that the journal says were made by command, in order.
func booked(t *testing.T, w *world.World) []string {
	t.Helper()
	var codes []string
	for after := engine.Seq(0); ; {
		page, err := w.Journal(after, 256)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			after = e.Seq
			if e.Type == "command.create" {
				codes = append(codes, string(e.Code))
			}
		}
	}
	slices.Sort(codes)
	return codes
}
