package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// doors is a rig with one lock of each kind that the refusals speak of, and a code of each sort.
func doors(t *testing.T) *rig {
	r := newRig(t)
	r.add("jit", jitTraits())
	native := nativeTraits()
	native.UpdatesInPlace = true
	r.add("native", native)
	r.add("assigns", lock.Traits{AssignsPIN: true, Slots: 5})
	r.add("algo", lock.Traits{OfflineOnly: true, Offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineOneTime}, Zone: "UTC"})
	r.add("times", lock.Traits{OfflineOnly: true, Offline: []lock.OfflineKind{lock.OfflineSlots}, TimeSlots: []lock.TimeSlot{{Start: 15 * 60, End: 11 * 60}}, Zone: "UTC"})
	named := jitTraits()
	named.Constraints = []lock.Constraint{{Kind: lock.NameMustBeUnique}, {Kind: lock.NameLength, Min: 3, Max: 8}}
	r.add("named", named)
	ruled := jitTraits()
	ruled.Constraints = []lock.Constraint{{Kind: lock.NoZeros}}
	r.add("ruled", ruled)
	nopool := jitTraits()
	nopool.NoBackupPool = true
	r.add("nopool", nopool)
	r.locks["jit"].put("f1", "cleaner", "7777")
	r.locks["jit"].held = append(r.locks["jit"].held, lock.Held{Ref: "f2", Name: "hidden", Enabled: true})
	r.pass(time.Minute)
	r.do(engine.Observe{Device: "jit"})
	r.do(engine.Create{ID: "stay", Device: "jit", Name: "Ada", PIN: pin("4829"), Starts: noon.Add(4 * time.Hour), Ends: noon.Add(28 * time.Hour)})
	r.do(engine.Create{ID: "staff", Device: "jit", PIN: pin("5550")})
	r.do(engine.Create{ID: "unique", Device: "named", Name: "Smith"})
	r.do(engine.Create{ID: "given", Device: "assigns", Name: "Bo"})
	r.do(engine.Create{ID: "hourly", Device: "algo", Name: "Al", Starts: noon.Add(3 * time.Hour), Ends: noon.Add(8 * time.Hour)})
	r.do(engine.SetPool{Device: "native", On: true})
	r.pass(5 * time.Minute)
	return r
}

func TestRefusalsNameTheFieldAndChangeNothing(t *testing.T) {
	r := doors(t)
	day := func(d int) time.Time { return noon.Add(time.Duration(d) * 24 * time.Hour) }
	create := func(edit func(*engine.Create)) engine.Create {
		c := engine.Create{Device: "jit", Name: "Guest", Starts: day(10), Ends: day(12)}
		edit(&c)
		return c
	}
	many := func(edit func(*engine.CreateMany)) engine.CreateMany {
		c := engine.CreateMany{Like: engine.Create{Name: "Guest", Starts: day(10), Ends: day(12)}, Devices: []lock.DeviceID{"jit", "native"}}
		edit(&c)
		return c
	}
	device := func(edit func(*lock.Device)) engine.AddDevice {
		v := lock.Device{ID: "new", Account: "acme", Traits: jitTraits()}
		edit(&v)
		return engine.AddDevice{Device: v}
	}
	long := strings.Repeat("x", 201)
	undone := r.do(engine.Reveal{Code: "stay"}).Seq // nothing to undo
	for _, c := range []struct {
		name        string
		do          engine.Action
		code, field string
	}{
		{"no device", create(func(c *engine.Create) { c.Device = "" }), "device_not_found", "device"},
		{"unknown device", create(func(c *engine.Create) { c.Device = "nowhere" }), "device_not_found", "device"},
		{"id with a slash", create(func(c *engine.Create) { c.ID = "a/b" }), "invalid_input", "id"},
		{"id too long", create(func(c *engine.Create) { c.ID = lock.CodeID(long) }), "invalid_input", "id"},
		{"id in use", create(func(c *engine.Create) { c.ID = "stay" }), "id_in_use", "id"},
		{"name too long", create(func(c *engine.Create) { c.Name = long }), "invalid_input", "name"},
		{"name too short for the lock", create(func(c *engine.Create) { c.Device, c.Name = "named", "Al" }), "invalid_input", "name"},
		{"name taken", create(func(c *engine.Create) { c.Device, c.Name = "named", "Smith" }), "invalid_input", "name"},
		{"key with a slash", create(func(c *engine.Create) { c.CommonKey = "a/b" }), "invalid_input", "common_key"},
		{"end without start", create(func(c *engine.Create) { c.Starts = time.Time{} }), "invalid_window", "starts"},
		{"end before start", create(func(c *engine.Create) { c.Ends = day(9) }), "invalid_window", "ends"},
		{"end at start", create(func(c *engine.Create) { c.Ends = day(10) }), "invalid_window", "ends"},
		{"end in the past", create(func(c *engine.Create) { c.Starts, c.Ends = day(-3), day(-2) }), "invalid_window", "ends"},
		{"end now", create(func(c *engine.Create) { c.Starts, c.Ends = day(-3), r.now }), "invalid_window", "ends"},
		{"beyond twenty years", create(func(c *engine.Create) { c.Ends = day(21 * 365) }), "invalid_window", "ends"},
		{"pool where there can be none", create(func(c *engine.Create) { c.Device, c.UsePool = "nopool", true }), "not_supported_by_device", "use_backup_pool"},
		{"PIN of a wrong length", create(func(c *engine.Create) { c.PIN = pin("12345") }), "pin_not_allowed", "pin"},
		{"PIN against a rule", create(func(c *engine.Create) { c.Device, c.PIN = "ruled", pin("1020") }), "pin_not_allowed", "pin"},
		{"PIN where the provider chooses", create(func(c *engine.Create) { c.Device, c.PIN = "assigns", pin("4444") }), "pin_not_allowed", "pin"},
		{"PIN for an algorithmic code", create(func(c *engine.Create) { c.Device, c.PIN = "algo", pin("4444") }), "pin_not_allowed", "pin"},
		{"PIN of another stay", create(func(c *engine.Create) { c.PIN, c.Starts, c.Ends = pin("4829"), noon.Add(20*time.Hour), day(3) }), "duplicate_access_code", "pin"},
		{"PIN of an ongoing code", create(func(c *engine.Create) { c.PIN = pin("5550") }), "duplicate_access_code", "pin"},
		{"PIN of a stay that ends in the lead", create(func(c *engine.Create) {
			c.PIN, c.Starts, c.Ends = pin("4829"), noon.Add(28*time.Hour+30*time.Minute), day(3)
		}), "duplicate_access_code", "pin"},
		{"algorithmic where there is none", create(func(c *engine.Create) { c.Offline = true }), "not_supported_by_device", "offline"},
		{"one-time where there is none", create(func(c *engine.Create) { c.OneTime = true }), "not_supported_by_device", "offline"},
		{"algorithmic without an end", create(func(c *engine.Create) { c.Device, c.Ends = "algo", time.Time{} }), "invalid_window", "ends"},
		{"algorithmic too long", create(func(c *engine.Create) { c.Device, c.Ends = "algo", day(60) }), "invalid_window", "ends"},
		{"algorithmic at times that the lock has not", create(func(c *engine.Create) { c.Device, c.Starts, c.Ends = "times", day(1), day(1).Add(2*time.Hour) }), "invalid_window", "starts"},
		{"algorithmic rounding", create(func(c *engine.Create) {
			c.Device, c.Starts, c.MaxRounding = "algo", day(10).Add(50*time.Minute), 10*time.Minute
		}), "rounding_too_large", "starts"},

		{"no doors", many(func(c *engine.CreateMany) { c.Devices = nil }), "invalid_input", "devices"},
		{"too many doors", many(func(c *engine.CreateMany) { c.Devices = make([]lock.DeviceID, 201) }), "too_large", "devices"},
		{"ids do not match", many(func(c *engine.CreateMany) { c.IDs = []lock.CodeID{"a"} }), "invalid_input", "ids"},
		{"ids twice", many(func(c *engine.CreateMany) { c.IDs = []lock.CodeID{"a", "a"} }), "invalid_input", "ids"},
		{"door twice", many(func(c *engine.CreateMany) { c.Devices = []lock.DeviceID{"jit", "jit"} }), "invalid_input", "devices"},
		{"one unknown door", many(func(c *engine.CreateMany) { c.Devices = []lock.DeviceID{"jit", "nowhere"} }), "device_not_found", "devices"},
		{"one door refuses the PIN", many(func(c *engine.CreateMany) {
			c.Devices, c.Like.PIN = []lock.DeviceID{"jit", "ruled"}, pin("1020")
		}), "pin_not_allowed", "pin"},
		{"one door has the PIN", many(func(c *engine.CreateMany) {
			c.Devices, c.Like.PIN = []lock.DeviceID{"native", "jit"}, pin("5550")
		}), "duplicate_access_code", "pin"},
		{"one door chooses its own", many(func(c *engine.CreateMany) { c.Devices = []lock.DeviceID{"jit", "assigns"} }), "pin_not_allowed", "devices"},

		{"update of nothing", engine.Update{Code: "nobody"}, "access_code_not_found", "code"},
		{"update to no PIN", engine.Update{Code: "stay", PIN: &lock.PIN{}}, "pin_not_allowed", "pin"},
		{"update to a wrong PIN", engine.Update{Code: "stay", PIN: ptr(pin("12345"))}, "pin_not_allowed", "pin"},
		{"left on the lock, and leaked", engine.Delete{Code: "stay", Leave: true, Leaked: true}, "invalid_input", "leave"},
		{"update to a taken PIN", engine.Update{Code: "stay", PIN: ptr(pin("5550"))}, "duplicate_access_code", "pin"},
		{"update of a provider's PIN", engine.Update{Code: "given", PIN: ptr(pin("5550"))}, "pin_not_allowed", "pin"},
		{"update to end before start", engine.Update{Code: "stay", Ends: ptr(noon.Add(time.Hour))}, "invalid_window", "ends"},
		{"update to a long name", engine.Update{Code: "stay", Name: &long}, "invalid_input", "name"},
		{"update of half a window", engine.Update{Code: "staff", Ends: ptr(day(2))}, "invalid_window", "starts"},
		{"update of an algorithmic code", engine.Update{Code: "hourly", Ends: ptr(day(2))}, "irrevocable", ""},
		{"update of a spare", engine.Update{Code: "native.backup-1", Ends: ptr(day(2)), Starts: ptr(day(1))}, "invalid_input", "code"},
		{"update_many without a key", engine.UpdateMany{}, "invalid_input", "common_key"},
		{"update_many of nothing", engine.UpdateMany{CommonKey: "none"}, "access_code_not_found", "common_key"},
		{"convert with times", engine.Convert{Code: "stay", Ongoing: true, Ends: day(3)}, "invalid_window", "ends"},
		{"convert without times", engine.Convert{Code: "staff"}, "invalid_window", "ends"},
		{"convert with one time", engine.Convert{Code: "staff", Starts: day(1)}, "invalid_window", "ends"},
		{"convert of an algorithmic code", engine.Convert{Code: "hourly", Ongoing: true}, "irrevocable", ""},
		{"delete of nothing", engine.Delete{Code: "nobody"}, "access_code_not_found", "code"},
		{"delete of an algorithmic code", engine.Delete{Code: "hourly"}, "irrevocable", "code"},
		{"rotate of nothing", engine.Rotate{Code: "nobody"}, "access_code_not_found", "code"},
		{"rotate of a spare", engine.Rotate{Code: "native.backup-1"}, "invalid_input", "code"},
		{"rotate of a provider's PIN", engine.Rotate{Code: "given"}, "not_supported_by_device", "code"},
		{"rotate to a taken PIN", engine.Rotate{Code: "stay", PIN: pin("5550")}, "duplicate_access_code", "pin"},
		{"rotate to a wrong PIN", engine.Rotate{Code: "stay", PIN: pin("55501")}, "pin_not_allowed", "pin"},
		{"pull without a spare", engine.PullBackup{Code: "stay"}, "no_backup_available", "code"},
		{"pull for a spare", engine.PullBackup{Code: "native.backup-1"}, "invalid_input", "code"},
		{"pull for nothing", engine.PullBackup{Code: "nobody"}, "access_code_not_found", "code"},
		{"pool where there can be none", engine.SetPool{Device: "nopool", On: true}, "not_supported_by_device", "device"},
		{"pool of nothing", engine.SetPool{Device: "nowhere", On: true}, "device_not_found", "device"},
		{"adopt of nothing", engine.Adopt{Device: "jit", Ref: "f9"}, "access_code_not_found", "ref"},
		{"adopt of our own", engine.Adopt{Device: "jit", Ref: "r1"}, "access_code_not_found", "ref"},
		{"adopt of hidden digits", engine.Adopt{Device: "jit", Ref: "f2"}, "cannot_be_managed", "ref"},
		{"adopt under a used id", engine.Adopt{Device: "jit", Ref: "f1", ID: "stay"}, "id_in_use", "id"},
		{"adopt on nothing", engine.Adopt{Device: "nowhere", Ref: "f1"}, "device_not_found", "device"},
		{"delete_unmanaged of nothing", engine.DeleteUnmanaged{Device: "jit", Ref: "f9"}, "access_code_not_found", "ref"},
		{"swap from nothing", engine.SwapDevice{Old: "nowhere", New: "jit"}, "device_not_found", "old"},
		{"swap to nothing", engine.SwapDevice{Old: "jit", New: "nowhere"}, "device_not_found", "new"},
		{"swap to itself", engine.SwapDevice{Old: "jit", New: "jit"}, "invalid_input", "new"},
		{"swap to a lock with other rules", engine.SwapDevice{Old: "jit", New: "ruled"}, "cannot_carry", "new"},
		{"swap to a lock that chooses", engine.SwapDevice{Old: "jit", New: "assigns"}, "cannot_carry", "new"},
		{"swap of algorithmic codes", engine.SwapDevice{Old: "algo", New: "jit"}, "cannot_carry", "new"},
		{"observe of nothing", engine.Observe{Device: "nowhere"}, "device_not_found", "device"},
		{"observe of no name", engine.Observe{}, "device_not_found", "device"},
		{"undo of nothing", engine.Undo{Receipt: 9999}, "not_undoable", "receipt"},
		{"undo of a reveal", engine.Undo{Receipt: undone}, "not_undoable", "receipt"},
		{"device without an id", device(func(v *lock.Device) { v.ID = "" }), "invalid_input", "device.id"},
		{"device without an account", device(func(v *lock.Device) { v.Account = "" }), "invalid_input", "device.account"},
		{"device with a strange hub", device(func(v *lock.Device) { v.Hub = "a/b" }), "invalid_input", "device.hub"},
		{"device with a long name", device(func(v *lock.Device) { v.Name = long }), "invalid_input", "device.name"},
		{"device with PINs too long", device(func(v *lock.Device) { v.Traits.PINLengths = []int{13} }), "invalid_input", "device.traits.pin_lengths"},
		{"device with slots below zero", device(func(v *lock.Device) { v.Traits.Slots = -1 }), "invalid_input", "device.traits.slots"},
		{"device with names below zero", device(func(v *lock.Device) { v.Traits.NameMax = -1 }), "invalid_input", "device.traits.name_max"},
		{"device in no zone", device(func(v *lock.Device) { v.Traits.Zone = "Mars/Olympus" }), "invalid_input", "device.traits.zone"},
		{"remove of nothing", engine.RemoveDevice{Device: "nowhere"}, "device_not_found", "device"},
		{"reveal of nothing", engine.Reveal{Code: "nobody"}, "access_code_not_found", "code"},
		{"reveal of a spare", engine.Reveal{Code: "native.backup-1"}, "invalid_input", "code"},
		{"policy of two", engine.SetPolicy{Account: "acme", Device: "jit"}, "invalid_input", "account"},
		{"policy of a strange account", engine.SetPolicy{Account: "a/b"}, "invalid_input", "account"},
		{"policy of nothing", engine.SetPolicy{Device: "nowhere"}, "device_not_found", "device"},
		{"policy out of bounds", engine.SetPolicy{Device: "jit", Patch: engine.PolicyPatch{JITLead: ptr(25 * time.Hour)}}, "invalid_policy", "jit_lead"},
		{"policy of an account out of bounds", engine.SetPolicy{Account: "acme", Patch: engine.PolicyPatch{PoolSize: ptr(21)}}, "invalid_policy", "backup_pool_size"},
		{"default policy out of bounds", engine.SetPolicy{Patch: engine.PolicyPatch{BackoffMin: ptr(time.Hour), BackoffMax: ptr(time.Minute)}}, "invalid_policy", "backoff_min"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.t = t
			defer func() { r.t = t }()
			if no := r.refused(c.do, c.code, c.field); no.Code == "duplicate_access_code" && no.Other == "" {
				t.Error("the other code is not named")
			}
			if _, err := r.submit(engine.Command{Do: c.do, DryRun: true}); err == nil {
				t.Error("the same is accepted as a dry run")
			}
		})
	}
}

func TestWhenNoPINIsLeftALongerOneIsSuggested(t *testing.T) {
	r := newRig(t)
	r.add("door", lock.Traits{Slots: 20, PINLengths: []int{1, 2}, NameMax: 20})
	next := engine.Create{Device: "door", Starts: noon.Add(100 * time.Hour), Ends: noon.Add(120 * time.Hour)}
	for range 10 {
		r.do(next)
	}
	if no := r.refused(next, "no_pin_left", "pin"); !strings.Contains(no.Remedy, "longer PIN") {
		t.Errorf("the remedy is %q", no.Remedy)
	}
	next.PINLength = 2
	r.do(next)
}

func TestRevealOfDigitsThatAreNotChosenYet(t *testing.T) {
	r := newRig(t)
	f := r.add("assigns", lock.Traits{AssignsPIN: true, Slots: 5})
	f.fails(engine.CallSet, 1, 4)
	r.do(engine.Create{ID: "given", Device: "assigns"})
	r.refused(engine.Reveal{Code: "given"}, "invalid_input", "code")
	if c := r.code("given"); !c.Waiting || c.HasPIN {
		t.Errorf("%+v", c)
	}
	f.assign = pin("864209")
	r.pass(time.Hour)
	if got := r.pin("given"); got != pin("864209") {
		t.Error("the provider's digits were not learnt")
	}
	r.status("given", engine.StatusSet)
}
