package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

func TestAVendorsWordsAreBoundedAndSilent(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("482950")})
	r.do(engine.Create{ID: "h", Device: "front", PIN: pin("135024"), Starts: hours(10), Ends: hours(20)})
	vendor := "code 482950\r\nbeside 135024 refused: " + strings.Repeat("\xff!", 500)
	f.then(reply{verb: engine.CallSet, err: true, kind: driver.Rejected, vend: vendor})
	f.entries = []lock.Entry{{At: noon, Kind: lock.Denied, Reason: "typed 482951, meant 482950"}}
	r.pass(time.Minute)
	for _, i := range r.code("g").Issues {
		if i.Vendor == "" || len(i.Vendor) > 220 || strings.ContainsAny(i.Vendor, "\r\n") || !utf8.ValidString(i.Vendor) || !strings.Contains(i.Vendor, "refused") {
			t.Errorf("%s: %q", i.Code, i.Vendor)
		}
	}
	if len(r.code("g").Issues) == 0 {
		t.Error("the refusal is not told")
	}
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.silent("482950", "135024")
	if got := r.journal(); !strings.Contains(fmt.Sprint(got), "typed 482951, meant ••••") {
		t.Errorf("what else was said is lost: %v", got)
	}
}

func TestAListBeyondAllBoundsIsPartial(t *testing.T) {
	r := newRigOn(t, memkv.NewLimited(store.Limits{MaxOps: 150, MaxBytes: 1 << 20}))
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("482950")})
	r.pass(time.Minute)
	for i := range 2 * lock.MaxHeld {
		f.put(lock.Ref(fmt.Sprint("x", i)), "flood", "777777")
	}
	f.held = append(f.held[1:], f.held[0]) // ours comes last, where nobody reads any more
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet) // absence from a part proves nothing
	if n := len(r.device("front").Slots); n < lock.MaxHeld || n > lock.MaxHeld+1 {
		t.Errorf("%d slots", n)
	}
	if n := r.told("access_code.unmanaged.created"); n != 21 {
		t.Errorf("%d outsiders are told", n)
	}
	f.held = f.held[len(f.held)-1:]
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if n := len(r.device("front").Slots); n != 1 {
		t.Errorf("%d slots when they are gone", n)
	}
}

func TestWhatALockListsTwiceIsThereOnce(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("482950")})
	r.pass(time.Minute)
	f.held = append(f.held, f.held[0])
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
	if n := len(r.device("front").Slots); n != 1 || r.count(engine.CallClear) != 0 {
		t.Errorf("%d slots, %d erases", n, r.count(engine.CallClear))
	}
}

// A cloud may list an algorithmic code that the lock was never told. It is no second one.
func TestAnAlgorithmicCodeThatIsListedStaysOne(t *testing.T) {
	r := newRig(t)
	tr := jitTraits()
	tr.Offline, tr.Zone = []lock.OfflineKind{lock.OfflineHourly}, "UTC"
	f := r.add("front", tr)
	f.assign = pin("864209")
	r.do(engine.Create{ID: "g", Device: "front", Offline: true, Starts: hours(0), Ends: hours(30)})
	r.pass(time.Minute)
	for _, c := range r.calls {
		if c.Verb == engine.CallSet {
			f.held = append(f.held, lock.Held{Ref: "issued", Tag: c.Want.Tag, PIN: pin("864209"), Enabled: true})
		}
	}
	for range 4 {
		r.do(engine.Observe{Device: "front"})
		r.pass(time.Minute)
	}
	if n := strings.Count(r.dump()["code/front/g"], `"Ref":"issued"`); n != 1 || r.count(engine.CallClear) != 0 {
		t.Errorf("it stands at %d places, %d erases of what can't be erased", n, r.count(engine.CallClear))
	}
}

func TestTimesBeyondAllCalendarsAreKept(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("482950"), Starts: hours(1), Ends: hours(2)})
	r.pass(time.Minute)
	far := time.Date(12026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 40*3600))
	f.held = append(f.held, lock.Held{Ref: "x", Name: "pharaoh", PIN: pin("777777"), Enabled: true, Window: lock.Window{From: time.Date(-2600, 1, 1, 0, 0, 0, 0, time.UTC), To: far}})
	f.entries = []lock.Entry{{At: far, Kind: lock.Opened, Ref: f.held[0].Ref}}
	r.do(engine.Observe{Device: "front"})
	r.pass(2 * time.Hour)
	r.kill()
	r.open()
	if got := r.slots("front"); !strings.Contains(got, "knows x") {
		t.Errorf("the outsider is not kept: %s", got)
	}
}
