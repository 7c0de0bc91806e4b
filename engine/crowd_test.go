package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

// As many codes as one lock may have start, are late, fail and end at the same instants: every step fits into a commit.
func TestACrowdOnOneLockFitsIntoEveryCommit(t *testing.T) {
	for _, most := range []int{20, 100} {
		r := newRigOn(t, memkv.NewLimited(store.Limits{MaxOps: 5 * most, MaxBytes: 2 << 20}))
		r.quiet = true
		tr := nativeTraits()
		tr.Slots = 600
		f := r.add("front", tr)
		r.pass(time.Minute)
		for i := range most {
			r.do(engine.Create{ID: lock.CodeID(fmt.Sprint("c", i)), Device: "front", PIN: pin(fmt.Sprintf("%06d", 100_000+7*i)), Starts: hours(20), Ends: hours(40)})
		}
		no := r.refused(engine.Create{Device: "front", Starts: hours(50), Ends: hours(60)}, "too_large", "device")
		if !strings.Contains(no.Message, fmt.Sprint("at most ", most)) {
			t.Errorf("the bound is not named: %s", no.Message)
		}
		f.put("x", "cleaner", "777777")
		r.do(engine.Observe{Device: "front"})
		r.until(hours(12)) // they are loaded
		r.refused(engine.Adopt{Device: "front", Ref: "x"}, "too_large", "device")
		f.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock}
		r.do(engine.Observe{Device: "front"})
		r.until(hours(21)) // they start
		f.fail = &driver.Error{Kind: driver.Unauthorized, Blame: driver.BlameAccount}
		r.do(engine.Observe{Device: "front"})
		r.until(hours(30))
		f.fail, f.held = nil, nil // everything was erased by somebody
		r.do(engine.Observe{Device: "front"})
		r.until(hours(30.5))
		r.until(hours(80)) // they end
		if n := len(r.snapshot(engine.Query{View: engine.ViewDevice, Device: "front"}).Codes); n != 0 {
			t.Errorf("%d codes are left", n)
		}
		r.do(engine.Create{ID: "next", Device: "front"})
	}
}
