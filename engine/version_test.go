package engine_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/badgerkv"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

var anew = flag.String("write-v1", "", `"text": write anew what testdata/v1 says of itself; "store": the store too, which must not be once a release has written that format`)

const (
	versionDir  = "testdata/v1"     // a store as format 1 left it, killed in mid-flight
	versionText = "testdata/v1.txt" // what it says of itself
)

// old plays the story that testdata/v1 was written by: every record of the format with every sort of thing in it.
func old(r *rig) {
	r.add("jit", jitTraits())
	tr := nativeTraits()
	tr.UpdatesInPlace, tr.ReportsEntry = true, true
	native := r.addDevice(lock.Device{ID: "native", Account: "acme", Hub: "hub", Name: "Back door", Model: "M2", System: "ttlock", Traits: tr})
	r.add("cloud", cloudTraits())
	blind := r.add("blind", blindTraits())
	algo := r.add("algo", lock.Traits{OfflineOnly: true, CannotList: true, Offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineOneTime}, Zone: "UTC", FirstUseWithin: 24 * time.Hour})
	algo.assign = pin("987654321")
	given := r.add("given", lock.Traits{AssignsPIN: true, Slots: 4, Constraints: []lock.Constraint{{Kind: lock.NameLength, Max: 30}}})
	given.assign = pin("864209")
	lost := r.addDevice(lock.Device{ID: "lost", Account: "other", Traits: jitTraits()})
	r.add("former", jitTraits())
	r.pass(time.Minute)
	r.locks["jit"].put("f1", "cleaner", "777777")
	r.locks["jit"].put("f2", "boss", "888888")
	r.do(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{PoolSize: ptr(2), External: ptr(engine.ExternalEnforce)}})
	r.do(engine.SetPolicy{Device: "cloud", Patch: engine.PolicyPatch{ConfirmWithin: ptr(20 * time.Minute)}})
	r.do(engine.Observe{Device: "jit"})
	r.pass(time.Minute)
	r.do(engine.Adopt{Device: "jit", Ref: "f1", ID: "cleaner"})
	r.do(engine.Create{ID: "staff", Device: "jit", Name: "Staff", PIN: pin("482950"), AllowExternal: true})
	r.do(engine.Create{ID: "stay", Device: "native", Name: "Ada", Holder: "ada", PIN: pin("135024"), Starts: hours(0), Ends: hours(20), UsePool: true})
	r.do(engine.Create{ID: "next", Device: "native", Name: "Bo", PIN: pin("246802"), Starts: hours(30), Ends: hours(50)})
	r.do(engine.Create{ID: "far", Device: "native", Starts: hours(300), Ends: hours(320), JIT: true})
	r.do(engine.Create{ID: "listed", Device: "cloud", PIN: pin("975310"), Starts: hours(0), Ends: hours(90)})
	r.do(engine.Create{ID: "unseen", Device: "blind", PIN: pin("112233"), Starts: hours(0), Ends: hours(2)})
	r.do(engine.Create{ID: "issued", Device: "algo", Starts: hours(1), Ends: hours(100)})
	r.do(engine.Create{ID: "assigned", Device: "given", Name: "Cy"})
	r.do(engine.Create{ID: "away", Device: "lost", PIN: pin("445566")})
	r.do(engine.Create{ID: "short", Device: "former", Starts: hours(0), Ends: hours(0.2)})
	r.do(engine.CreateMany{Like: engine.Create{Name: "Party", Starts: hours(40), Ends: hours(44)}, Devices: []lock.DeviceID{"jit", "cloud"}, IDs: []lock.CodeID{"party-1", "party-2"}})
	if _, err := r.submit(engine.Command{Key: "booking-7", Actor: "ota", Do: engine.Create{ID: "keyed", Device: "jit", Name: "Keyed", Starts: hours(60), Ends: hours(64)}}); err != nil {
		r.t.Fatal(err)
	}
	r.pass(time.Hour)
	r.do(engine.PullBackup{Code: "stay"})
	r.do(engine.RemoveDevice{Device: "former"})
	r.do(engine.DeleteUnmanaged{Device: "jit", Ref: "f2"})
	native.battery, native.tells, native.modes = lock.Battery{Known: true, Level: 0.15}, true, []lock.Mode{lock.ModePrivacy}
	native.opened(native.held[0].Ref, r.now)
	r.do(engine.Observe{Device: "native"})
	lost.fail = &driver.Error{Kind: driver.Unauthorized, Blame: driver.BlameAccount, Vendor: "invalid_grant"}
	r.do(engine.Observe{Device: "lost"})
	r.pass(time.Hour)
	blind.fail = &driver.Error{Kind: driver.Offline, Blame: driver.BlameLock, Vendor: "timeout"}
	r.until(hours(4)) // its code is over, and can't be erased
	r.do(engine.Update{Code: "stay", Ends: ptr(hours(22)), Name: ptr("Ada L.")})
	r.do(engine.Delete{Code: "keyed"})
	r.pass(time.Second / 2)
}

// what tells what an engine says of everything in its store.
func (r *rig) what() string {
	var s strings.Builder
	fmt.Fprintf(&s, "at %s, event %d\n", r.now.Format(time.RFC3339), r.e.Seq())
	for _, row := range r.snapshot(engine.Query{View: engine.ViewFleet, Sort: "name"}).Devices {
		v := r.device(row.ID)
		fmt.Fprintf(&s, "device %s account %s hub %q link %d used %d/%d pool %d+%d battery %v wake %s: %s; issues %s", v.ID, v.Account, v.Hub, v.Link, v.Used, v.DeviceRow.Slots,
			v.Pool.Ready, v.Pool.Pulled, v.Battery.Level, v.Wake.Format(time.RFC3339), v.Next, codesOf(v.Issues))
		if v.Flight != nil {
			fmt.Fprintf(&s, "; in flight %s %s", v.Flight.Verb, v.Flight.Code)
		}
		s.WriteByte('\n')
		for _, q := range []engine.Query{{View: engine.ViewCodes, Device: v.ID}, {View: engine.ViewHistory, Device: v.ID}} {
			for _, c := range r.snapshot(q).Codes {
				fmt.Fprintf(&s, "  code %s %q %s %s evidence %s native %v told %v digits %v; issues %s\n", c.ID, c.Name, c.Type, c.Status, c.Evidence, c.Native, !c.Told.IsZero(), c.HasPIN, codesOf(c.Issues))
			}
		}
	}
	return s.String()
}

func TestWriteVersion1(t *testing.T) {
	if *anew != "store" {
		return // the fixture is what an earlier day's code has written: that is its point
	}
	if err := os.RemoveAll(versionDir); err != nil {
		t.Fatal(err)
	}
	s, err := badgerkv.Open(badgerkv.Options{Dir: versionDir})
	if err != nil {
		t.Fatal(err)
	}
	old(newRigOn(t, s))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"DISCARD", "lockctl.lock"} { // made again when missing
		if err := os.Remove(filepath.Join(versionDir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStoreOfVersion1IsReadWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "v1")
	if err := os.CopyFS(dir, os.DirFS(versionDir)); err != nil {
		t.Fatal(err)
	}
	disk, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	s := memkv.New()
	if err := store.Copy(t.Context(), s, disk); err != nil {
		t.Fatal(err)
	}
	lossy, err := engine.Decoded(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(lossy) > 0 {
		t.Errorf("these records lose something when they are read: %v", lossy)
	}
	e, err := engine.Open(context.Background(), engine.Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, e: e, store: s, now: hours(4).Add(time.Second / 2), locks: map[lock.DeviceID]*fake{}, seen: map[engine.CallID]bool{}}
	got := r.what()
	if *anew != "" {
		if err := os.WriteFile(versionText, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(versionText)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it says\n%s\nand said\n%s", got, want)
	}
	if n := len(r.journal()); n != int(e.Seq()) {
		t.Errorf("%d events, the last is number %d", n, e.Seq())
	}
	// And it goes on: the locks of that day are gone, these hold nothing.
	for _, id := range []lock.DeviceID{"jit", "native", "cloud", "blind", "algo", "given", "lost", "former"} {
		v := r.device(id)
		r.locks[id] = &fake{device: lock.Device{ID: id, Account: v.Account, Traits: v.Traits}, latency: time.Second, reach: lock.Reached, drop: map[engine.CallVerb]bool{}, assign: pin("975311")}
	}
	r.step()
	r.pass(50 * time.Hour)
	for id, want := range map[lock.CodeID]engine.Status{
		"cleaner": engine.StatusSet, "staff": engine.StatusUnset, "stay": engine.StatusGone, "next": engine.StatusGone, "far": engine.StatusUnset,
		"listed": engine.StatusSet, "unseen": engine.StatusGone, "issued": engine.StatusSet, "assigned": engine.StatusSet, "away": engine.StatusSet,
		"short": engine.StatusGone, "party-1": engine.StatusGone, "keyed": engine.StatusGone,
	} {
		r.status(id, want)
	}
	r.silent("482950", "135024", "246802", "975310", "112233", "445566", "987654321", "864209", "777777")
}
