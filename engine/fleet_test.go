package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/engine/store"
	"github.com/accesscodes/lockctl/engine/store/memkv"
	"github.com/accesscodes/lockctl/lock"
)

func TestPoolFillsServesAndRefills(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(1), Ends: hours(24), UsePool: true})
	r.wantIssue(r.device("front").Issues, "empty_backup_access_code_pool", true)
	r.pass(time.Minute)
	v := r.device("front")
	if v.Pool.Ready != 3 || v.Pool.Want != 3 || len(f.held) != 3 || v.Pool.Health != "" {
		t.Fatalf("pool %+v, %d held, health %q", v.Pool, len(f.held), v.Pool.Health)
	}
	if !r.code("g").BackupAvailable {
		t.Error("no backup is available")
	}
	rec := r.do(engine.PullBackup{Code: "g"})
	spare := rec.Backup
	if again := r.do(engine.PullBackup{Code: "g"}); again.Backup != spare {
		t.Errorf("pulled again: %s, want %s", again.Backup, spare)
	}
	b := r.code(spare)
	if !b.Ends.Equal(hours(24)) || b.PulledFor != "g" || b.Status != engine.StatusSet || b.Type != engine.TimeBound {
		t.Errorf("pulled: ends %v, for %q, %s", b.Ends, b.PulledFor, b.Status)
	}
	if !b.Starts.Equal(rec.At) {
		t.Errorf("pulled at %v, it starts %v", rec.At, b.Starts)
	}
	if g := r.code("g"); g.Pulled != spare {
		t.Errorf("the original says %q", g.Pulled)
	}
	r.wantIssue(r.code("g").Issues, "using_backup_access_code", true)
	if r.told("access_code.backup_access_code_pulled") != 1 {
		t.Error("a pull is told once")
	}
	if !f.has(r.pin(spare)) {
		t.Error("the backup does not stand on the lock")
	}
	r.pass(time.Minute)
	if v := r.device("front"); v.Pool.Ready != 3 || v.Pool.Pulled != 1 {
		t.Errorf("not refilled: %+v", v.Pool)
	}
	// The original is tried all the same, and both go at the end. A move of the original moves the backup.
	r.do(engine.Update{Code: "g", Ends: ptr(hours(26))})
	if b := r.code(spare); !b.Ends.Equal(hours(26)) {
		t.Errorf("the backup ends %v", b.Ends)
	}
	r.until(hours(2))
	r.status("g", engine.StatusSet)
	r.until(hours(26.1))
	r.status("g", engine.StatusGone)
	r.status(spare, engine.StatusGone)
	if len(f.held) != 3 {
		t.Errorf("%d credentials left, want the pool", len(f.held))
	}
	// Off: spares that nobody pulled go, and only they.
	r.do(engine.Create{ID: "h", Device: "front", Starts: hours(27), Ends: hours(30)})
	r.pass(time.Hour)
	kept := r.do(engine.PullBackup{Code: "h"}).Backup
	r.do(engine.SetPool{Device: "front", On: false})
	r.pass(time.Minute)
	r.status(kept, engine.StatusSet)
	if v := r.device("front"); v.Pool.On || v.Pool.Ready != 0 || v.Pool.Pulled != 1 {
		t.Errorf("pool off: %+v", v.Pool)
	}
	r.wantIssue(r.device("front").Issues, "empty_backup_access_code_pool", false)
}

func TestDeletingACodeTakesItsBackupAlong(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", Starts: hours(1), Ends: hours(24), UsePool: true})
	r.pass(time.Minute)
	spare := r.do(engine.PullBackup{Code: "g"}).Backup
	p := r.pin(spare)
	r.do(engine.Delete{Code: "g"})
	r.pass(time.Minute)
	r.status(spare, engine.StatusGone)
	if f.has(p) {
		t.Error("the backup outlives its code")
	}
}

func TestSparesAreRenewed(t *testing.T) {
	r := newRig(t)
	f := r.add("front", func() lock.Traits { t := jitTraits(); t.ReportsEntry = true; return t }())
	r.do(engine.SetPool{Device: "front", On: true})
	r.pass(time.Minute)
	first := slices.Clone(f.held)
	// Somebody types one: its digits are known.
	f.opened(f.held[1].Ref, r.now)
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if f.has(first[1].PIN) || !f.has(first[0].PIN) || len(f.held) != 3 {
		t.Errorf("a spare that was typed still stands, or others went: %v", f.held)
	}
	r.until(noon.AddDate(0, 0, 91))
	for _, h := range first {
		if f.has(h.PIN) {
			t.Error("a spare is older than ninety days")
		}
	}
	if v := r.device("front"); v.Pool.Ready != 3 {
		t.Errorf("after the renewal: %+v", v.Pool)
	}
}

func TestThePoolShrinksBeforeAnybodyIsRefused(t *testing.T) {
	r := newRig(t)
	tr := jitTraits()
	tr.Slots = 4
	f := r.add("front", tr)
	r.do(engine.SetPool{Device: "front", On: true})
	r.pass(time.Minute)
	if len(f.held) != 3 {
		t.Fatalf("%d spares", len(f.held))
	}
	for i, id := range []lock.CodeID{"a", "b", "c"} {
		r.do(engine.Create{ID: id, Device: "front", PIN: pin([]string{"1357", "2468", "9753"}[i])})
	}
	r.pass(2 * time.Minute)
	for _, id := range []lock.CodeID{"a", "b", "c"} {
		r.status(id, engine.StatusSet)
	}
	if v := r.device("front"); v.Pool.Ready != 1 || v.Pool.Health != "partial_backup_access_code_pool" {
		t.Errorf("pool %+v", v.Pool)
	}
	r.do(engine.Create{ID: "d", Device: "front"})
	r.do(engine.Create{ID: "e", Device: "front"})
	r.pass(2 * time.Minute)
	r.status("d", engine.StatusSet)
	r.status("e", engine.StatusSetting)
	r.wantIssue(r.code("e").Issues, "no_space_for_access_code_on_device", true)
	r.do(engine.Delete{Code: "a"})
	r.pass(2 * time.Minute)
	r.status("e", engine.StatusSet)
	r.wantIssue(r.code("e").Issues, "no_space_for_access_code_on_device", false)
}

func TestManyPulledBackupsCallALockUnhealthy(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	r.do(engine.SetPool{Device: "front", On: true})
	r.pass(time.Minute)
	for _, id := range []lock.CodeID{"a", "b", "c"} {
		r.do(engine.Create{ID: id, Device: "front", Starts: hours(1), Ends: hours(5)})
		r.do(engine.PullBackup{Code: id})
	}
	r.wantIssue(r.device("front").Issues, "many_active_backup_codes", true)
}

func TestAutoPull(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.SetPolicy{Patch: engine.PolicyPatch{AutoPull: ptr(engine.PullAuto)}})
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), Starts: hours(2), Ends: hours(5), UsePool: true})
	r.pass(time.Minute)
	for range 50 {
		f.fails(engine.CallSet, 1, 4)
	}
	r.until(hours(2).Add(-11 * time.Minute))
	if r.code("g").Pulled != "" {
		t.Error("pulled before T-10 min")
	}
	r.until(hours(2).Add(-10 * time.Minute))
	if r.code("g").Pulled == "" {
		t.Error("not pulled at T-10 min")
	}
}

func TestAdopt(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.pass(time.Minute)
	f.put("f1", "cleaner", "7777")
	f.put("f2", "boss", "8888")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if v := r.device("front"); v.Used != 2 || r.told("access_code.unmanaged.created") != 2 {
		t.Errorf("used %d", v.Used)
	}
	rec := r.do(engine.Adopt{Device: "front", Ref: "f1", ID: "cleaner"})
	c := r.code("cleaner")
	if c.Name != "cleaner" || c.Status != engine.StatusSet || c.Type != engine.Ongoing || r.pin("cleaner") != pin("7777") || c.Evidence != engine.EvidenceReported {
		t.Errorf("adopted %+v", c)
	}
	r.forget()
	r.pass(time.Hour)
	if r.count(engine.CallSet)+r.count(engine.CallClear) != 0 {
		t.Errorf("an adopted code is rewritten: %s", r.verbs("front"))
	}
	if got := strings.Join(r.events("cleaner"), " "); got != "unmanaged.converted_to_managed" {
		t.Errorf("events %s", got)
	}
	// Undone, it stays on the lock; deleted, it goes.
	r.do(engine.Undo{Receipt: rec.Seq})
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	if !f.has(pin("7777")) {
		t.Fatal("the undo of an adoption erased the code")
	}
	r.do(engine.Adopt{Device: "front", Ref: "f1", ID: "again"})
	r.do(engine.Delete{Code: "again"})
	r.pass(time.Minute)
	if f.has(pin("7777")) || !f.has(pin("8888")) {
		t.Errorf("held %+v", f.held)
	}
}

func TestAnAdoptedCodeThatWasRewrittenIsGivenBack(t *testing.T) {
	r := newRig(t)
	tr := jitTraits()
	tr.UpdatesInPlace = true
	f := r.add("front", tr)
	r.pass(time.Minute)
	f.put("f1", "cleaner", "7777")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.do(engine.Adopt{Device: "front", Ref: "f1", ID: "cleaner"})
	r.do(engine.Update{Code: "cleaner", Name: ptr("maid")}) // now our tag is on it
	r.pass(time.Minute)
	r.do(engine.RemoveDevice{Device: "front"})
	r.do(engine.AddDevice{Device: f.device})
	r.pass(time.Minute)
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Hour)
	if len(f.held) != 1 {
		t.Errorf("a code that was let go is erased later: %+v", r.calls)
	}
}

func TestAnExpiredCodeIsNotAdopted(t *testing.T) {
	r := newRig(t)
	f := r.add("front", nativeTraits())
	r.pass(time.Minute)
	f.held = append(f.held, lock.Held{Ref: "f1", PIN: pin("7777"), Enabled: true, Window: lock.Window{From: hours(-9), To: hours(-1)}})
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.refused(engine.Adopt{Device: "front", Ref: "f1"}, "invalid_window", "ref")
}

func TestDeleteUnmanaged(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.pass(time.Minute)
	f.put("f1", "cleaner", "7777")
	f.put("f2", "boss", "8888")
	r.do(engine.Observe{Device: "front"})
	r.pass(time.Minute)
	r.do(engine.DeleteUnmanaged{Device: "front", Ref: "f1"})
	r.pass(time.Minute)
	if f.has(pin("7777")) || !f.has(pin("8888")) {
		t.Errorf("held %+v", f.held)
	}
	if v := r.device("front"); v.Used != 1 {
		t.Errorf("used %d", v.Used)
	}
}

func TestRemoveDeviceLeavesCodesOnTheLock(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", PIN: pin("4829"), UsePool: true})
	r.do(engine.Create{ID: "later", Device: "front", Starts: hours(4), Ends: hours(8)})
	r.pass(time.Minute)
	if len(f.held) != 4 {
		t.Fatalf("%d held", len(f.held))
	}
	r.do(engine.RemoveDevice{Device: "front"})
	r.pass(100 * time.Hour)
	if len(f.held) != 1 || !f.has(pin("4829")) {
		t.Errorf("left on the lock: %+v", f.held)
	}
	r.status("g", engine.StatusGone)
	if v := r.device("front"); !v.Removed {
		t.Error("not removed")
	}
	if s := r.snapshot(engine.Query{View: engine.ViewFleet}); len(s.Devices) != 0 || s.Fleet.Devices != 0 {
		t.Errorf("still in the fleet: %+v", s.Fleet)
	}
	r.refused(engine.Create{Device: "front"}, "device_not_found", "device")
	// A write on its way when the device is removed: the lock keeps what it got.
	r.do(engine.AddDevice{Device: f.device})
	r.pass(time.Minute)
	r.forget()
	r.do(engine.Create{ID: "h", Device: "front", PIN: pin("1350")})
	r.do(engine.RemoveDevice{Device: "front"})
	r.pass(100 * time.Hour)
	r.do(engine.AddDevice{Device: f.device})
	r.pass(100 * time.Hour)
	if !f.has(pin("4829")) {
		t.Error("a code that was let go is erased after the device came back")
	}
}

func TestSwapDevice(t *testing.T) {
	r := newRig(t)
	old := r.add("old", jitTraits())
	r.do(engine.Create{ID: "g", Device: "old", Name: "Ada", PIN: pin("4829"), UsePool: true})
	r.do(engine.Create{ID: "later", Device: "old", PIN: pin("1350"), Starts: hours(200), Ends: hours(208)})
	r.pass(time.Minute)
	to := r.add("new", nativeTraits())
	r.pass(time.Minute)
	rec := r.do(engine.SwapDevice{Old: "old", New: "new"})
	if len(rec.Codes) != 2 {
		t.Errorf("carried %v", rec.Codes)
	}
	r.pass(10 * time.Minute)
	if len(old.held) != 0 {
		t.Errorf("the old lock still holds %+v", old.held)
	}
	if !to.has(pin("4829")) || len(to.held) != 4 {
		t.Errorf("the new lock holds %+v", to.held)
	}
	if c := r.code("g"); c.Device != "new" || c.Status != engine.StatusSet || c.Name != "Ada" {
		t.Errorf("%+v", c)
	}
	r.until(hours(201))
	r.status("later", engine.StatusSet)
	if !r.device("old").Removed {
		t.Error("the old lock is not retired")
	}
}

func TestSwapWhileAWriteIsOnItsWay(t *testing.T) {
	r := newRig(t)
	old := r.add("old", jitTraits())
	to := r.add("new", jitTraits())
	r.pass(time.Minute)
	r.do(engine.Create{ID: "g", Device: "old", PIN: pin("4829")})
	if r.device("old").Flight == nil || r.device("old").Flight.Verb != engine.CallSet {
		t.Fatal("no write is on its way")
	}
	r.do(engine.SwapDevice{Old: "old", New: "new"})
	r.pass(time.Hour)
	if len(old.held) != 0 || !to.has(pin("4829")) {
		t.Errorf("old %+v, new %+v", old.held, to.held)
	}
	if v := r.device("old"); v.Used != 0 {
		t.Errorf("the old lock counts %d", v.Used)
	}
}

func TestSetPolicyIsLaidInLayers(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	lead := func() time.Duration { return r.device("front").Policy.JITLead }
	r.do(engine.SetPolicy{Patch: engine.PolicyPatch{JITLead: ptr(20 * time.Minute)}})
	if lead() != 20*time.Minute {
		t.Errorf("default %v", lead())
	}
	r.do(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{JITLead: ptr(40 * time.Minute), PoolSize: ptr(5)}})
	r.do(engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{PoolSize: ptr(6)}})
	if p := r.device("front").Policy; p.JITLead != 40*time.Minute || p.PoolSize != 6 {
		t.Errorf("account: %v %d", p.JITLead, p.PoolSize)
	}
	r.do(engine.SetPolicy{Device: "front", Patch: engine.PolicyPatch{JITLead: ptr(10 * time.Minute)}})
	r.kill()
	r.open()
	if p := r.device("front").Policy; p.JITLead != 10*time.Minute || p.PoolSize != 6 {
		t.Errorf("device, after a restart: %v %d", p.JITLead, p.PoolSize)
	}
	// A new lead moves the plans that stand.
	r.do(engine.Create{ID: "g", Device: "front", Starts: hours(4), Ends: hours(5)})
	r.do(engine.SetPolicy{Device: "front", Patch: engine.PolicyPatch{JITLead: ptr(time.Hour)}})
	r.until(hours(3))
	r.status("g", engine.StatusSetting)
	r.pass(time.Minute)
	r.status("g", engine.StatusSet)
}

func TestAWholePolicyTakesThePlaceOfTheOneBefore(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	set := func(account, device string) {
		r.do(engine.SetPolicy{Account: lock.AccountID(account), Device: lock.DeviceID(device), Patch: engine.PolicyPatch{JITLead: ptr(20 * time.Minute)}})
		r.do(engine.SetPolicy{Account: lock.AccountID(account), Device: lock.DeviceID(device), Whole: true, Patch: engine.PolicyPatch{PoolSize: ptr(5)}})
	}
	for _, where := range [][2]string{{"", ""}, {"acme", ""}, {"", "front"}} {
		set(where[0], where[1])
		if p := r.device("front").Policy; p.JITLead != engine.DefaultPolicy().JITLead || p.PoolSize != 5 {
			t.Errorf("%v: a lead of %v and a pool of %d", where, p.JITLead, p.PoolSize)
		}
		r.do(engine.SetPolicy{Account: lock.AccountID(where[0]), Device: lock.DeviceID(where[1]), Whole: true})
		if p := r.device("front").Policy; p != engine.DefaultPolicy() {
			t.Errorf("%v: with nothing set it is %+v", where, p)
		}
	}
	r.refused(engine.SetPolicy{Device: "front", Whole: true, Patch: engine.PolicyPatch{PoolSize: ptr(50)}}, "invalid_policy", "backup_pool_size")
}

func TestANewDefaultPolicyReachesPlansThatStand(t *testing.T) {
	r := newRig(t)
	r.add("front", jitTraits())
	r.do(engine.Create{ID: "g", Device: "front", Starts: hours(4), Ends: hours(5)})
	r.pass(time.Minute)
	r.do(engine.SetPolicy{Patch: engine.PolicyPatch{Profile: ptr(engine.ProfileCurrent)}})
	r.until(hours(3.1))
	r.status("g", engine.StatusSet)
	r.refused(engine.Create{Device: "front", Starts: hours(8)}, "invalid_window", "ends")
}

func TestANewPolicyIsThoughtThroughAfterAnEndHalfway(t *testing.T) {
	r, _, _ := row(t, memkv.NewLimited(store.Limits{MaxOps: 120, MaxBytes: 1 << 20}), 60)
	pending := func() bool {
		t.Helper()
		kv, err := r.store.Get(context.Background(), "meta/rethink")
		if err != nil {
			t.Fatal(err)
		}
		return kv.Rev != 0
	}
	for _, do := range []engine.SetPolicy{
		{Patch: engine.PolicyPatch{JITLead: ptr(20 * time.Hour)}},
		{Account: "acme", Patch: engine.PolicyPatch{JITLead: ptr(10 * time.Hour)}},
	} {
		if _, err := r.e.Step(r.now, (&answer{}).to(engine.Command{Do: do})); err != nil {
			t.Fatal(err)
		}
		if !pending() {
			t.Error("not every lock has thought again, and the store does not say so")
		}
		r.kill()
		r.open()
		if pending() {
			t.Error("every lock has thought again, and the store does not know")
		}
		r.do(engine.SetPolicy{Device: "lone", Patch: engine.PolicyPatch{JITLead: ptr(time.Hour)}})
		if pending() {
			t.Error("one lock's policy makes all think again")
		}
	}
}

func TestADeviceThatChangesItsAccountCountsThere(t *testing.T) {
	r := newRig(t)
	f := r.add("front", jitTraits())
	v := f.device
	v.Account, v.Hub, v.Name = "other", "hub", "Back"
	f.device = v
	r.do(engine.AddDevice{Device: v})
	row := r.snapshot(engine.Query{View: engine.ViewFleet}).Devices[0]
	if row.Account != "other" || row.Hub != "hub" || row.Name != "Back" {
		t.Errorf("%+v", row)
	}
	r.pass(time.Minute)
	if r.told("device.added") != 1 {
		t.Error("added twice")
	}
}
