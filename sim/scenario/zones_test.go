package scenario

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// The story of whole-offset errors in every zone of the world: over two years, each time that clocks change, or once where
// they don't, a stay from seven hours before until five hours after, asked for in the lock's local time. Zones whose clocks
// agree all year are the same story. The oracle is the calendar of the standard library; the door decides. Every other lock has
// firmware that misses changes, so its codes come just in time.
func TestEveryZoneOpensByItsOwnWall(t *testing.T) {
	names, err := os.ReadFile("../../lock/testdata/zones.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range []int{2026, 2027} {
		var b strings.Builder
		stays, told := 0, map[string]bool{}
		fmt.Fprintf(&b, "[scenario]\nname = \"every zone in %d\"\nstart = %d-01-01T00:00:00Z\nrun = \"366d\"\n[policy]\nobserve_every = \"365d\"\n", year, year)
		for _, name := range strings.Fields(string(names)) {
			loc, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			changes := changesOf(loc, year)
			_, offset := changes[0].Add(-time.Hour).In(loc).Zone()
			story := fmt.Sprint(offset, changes)
			if told[story] {
				continue
			}
			id, model := strings.NewReplacer("/", ".", "+", "_").Replace(name), "native.keypad"
			if len(told)%2 == 1 {
				model = "dstnaive.keypad"
			}
			told[story] = true
			fmt.Fprintf(&b, "[[lock]]\nid = %q\nmodel = %q\nzone = %q\n", id, model, name)
			for n, at := range changes {
				from, to := at.Add(-7*time.Hour).Truncate(time.Minute), at.Add(5*time.Hour).Truncate(time.Minute)
				code := fmt.Sprintf("%s-%d", id, n+1)
				fmt.Fprintf(&b, "[[at]]\nt = %s\ncreate = { id = %q, lock = %q, pin = \"4829\", starts = %q, ends = %q }\n",
					at.Add(-24*time.Hour).UTC().Format(time.RFC3339), code, id, from.In(loc).Format("2006-01-02 15:04"), to.In(loc).Format("2006-01-02 15:04"))
				early, late := from.Add(-time.Minute), to
				if model == "dstnaive.keypad" {
					early, late = from.Add(-31*time.Minute), to.Add(time.Minute)
				}
				for _, try := range []struct {
					at    time.Time
					opens bool
				}{{early, false}, {from, true}, {to.Add(-time.Minute), true}, {late, false}} {
					fmt.Fprintf(&b, "[[at]]\nt = %s\ntype = { code = %q, opens = %v }\n", try.at.UTC().Format(time.RFC3339), code, try.opens)
				}
				stays++
			}
		}
		if res := play(t, b.String(), Options{}); res.Verdict != Pass {
			t.Errorf("%d: verdict %v, %d failures, first %+v", year, res.Verdict, len(res.Failures), res.Failures[0])
		}
		if len(told) < 50 || stays < 80 {
			t.Errorf("%d: %d stays in %d kinds of zones: these are not the world's", year, stays, len(told))
		}
	}
}

// changesOf lists when clocks in loc change within a year; its middle if they don't.
func changesOf(loc *time.Location, year int) []time.Time {
	var all []time.Time
	for t := time.Date(year, 1, 3, 0, 0, 0, 0, loc); ; {
		_, end := t.ZoneBounds()
		if end.IsZero() || end.UTC().Year() > year {
			break
		}
		all, t = append(all, end.UTC()), end
	}
	if len(all) == 0 {
		all = append(all, time.Date(year, 7, 1, 12, 0, 0, 0, time.UTC))
	}
	return all
}
