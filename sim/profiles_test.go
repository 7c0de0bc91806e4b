package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/driver"
	"github.com/accesscodes/lockctl/lock"
)

func TestProfilesAreConsistent(t *testing.T) {
	native := map[string]bool{"2n": true, "august": true, "igloohome": true, "kwikset": true, "salto": true, "schlage": true, "ttlock": true, "yale": true}
	seen, systems := map[string]bool{}, 0
	for _, p := range Profiles() {
		tr := p.Traits
		bad := func(why string) { t.Errorf("%s: %s", p.Name, why) }
		if seen[p.Name] {
			bad("stands twice")
		}
		seen[p.Name] = true
		if p.Meaning == "" {
			bad("has no meaning")
		}
		if p.System != "" {
			systems++
			if tr.NativeSchedule != native[p.System] {
				bad("is native, or not, against the seed's table")
			}
		}
		switch {
		case tr.OpenEnded && !tr.NativeSchedule:
			bad("open-ended without a schedule")
		case tr.OfflineOnly && len(tr.Offline) == 0:
			bad("takes nothing")
		case !tr.OfflineOnly && p.Capacity < 1:
			bad("has no memory")
		case tr.AssignsPIN && !tr.NoBackupPool:
			bad("draws the digits and pools them")
		case p.Async && !tr.CloudList:
			bad("accepts first and lists nothing")
		case tr.CannotList && (tr.CloudList || tr.HidesPIN):
			bad("lists nothing and yet something")
		case tr.Slots > 0 && tr.Slots != p.Capacity:
			bad("has two capacities")
		case tr.ClientSlots && tr.Slots == 0:
			bad("lets the writer choose among hidden slots")
		}
		for i, n := range tr.PINLengths {
			if n < 4 || n > lock.MaxPIN || i > 0 && n <= tr.PINLengths[i-1] {
				bad("lengths are not ascending from 4")
			}
		}
		k := NewKernel(start, 1)
		f, err := NewFleet(k, Spec{Locks: []LockSpec{{ID: "a", Model: p.Name}}})
		if err != nil {
			t.Fatal(err)
		}
		if d := f.Devices()[0]; d.System != p.System || d.Model != p.Name || d.Account != "account" || d.Name != "a" {
			bad("lists itself as something else")
		}
	}
	if systems != 13 || len(seen) != 27 {
		t.Errorf("%d systems and %d profiles", systems, len(seen))
	}
	for _, want := range []string{"native.keypad", "jit.keypad", "writeonly.keypad", "oracode"} {
		if !seen[want] {
			t.Errorf("no %s", want)
		}
	}
}

// Every profile takes a code that keeps its rules, opens for it, and lets it go.
func TestEveryProfileTakesACode(t *testing.T) {
	for _, p := range Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			r := rigOf(t, start, Spec{Locks: []LockSpec{{ID: "a", Model: p.Name}}})
			c := code("guest", "483917")
			if p.Traits.NativeSchedule && p.Traits.Zone != "" {
				c.Window = lock.Window{From: start.Add(time.Hour), To: start.Add(48 * time.Hour)}
			}
			if p.Traits.AssignsPIN {
				c.PIN = lock.PIN{}
			}
			if p.Traits.OfflineOnly {
				c.Offline = p.Traits.Offline[0]
				c.Window = lock.Window{From: start.Add(6 * time.Hour), To: start.Add(51 * time.Hour)} // 15:00 to 12:00 in Berlin
			}
			held := r.set(c)
			if held.Ref == "" || held.Pending != p.Async {
				t.Errorf("held %v pending %v", held.Ref, held.Pending)
			}
			r.run(7 * time.Hour)
			open := r.WouldOpen("a")
			if len(open) != 1 || open[0].Code != "guest" {
				t.Fatalf("%d entries would open", len(open))
			}
			try, err := r.TryPIN("a", open[0].PIN)
			if err != nil || !try.Opens || try.Code != "guest" {
				t.Errorf("the keypad says %q", try.Reason)
			}
			o := r.observe()
			if o.Complete == p.Traits.CannotList {
				t.Errorf("complete is %v", o.Complete)
			}
			if p.Traits.CannotList != (len(o.Held) == 0) {
				t.Errorf("%d are listed", len(o.Held))
			}
			for _, h := range o.Held {
				if h.Ref != held.Ref || h.Pending || h.PIN.IsZero() != p.Traits.HidesPIN || (h.Tag == "") != (p.Traits.NameMax == 0 && !p.Traits.OfflineOnly) {
					t.Errorf("listed with ref %q, tag %q, pending %v, hidden %v", h.Ref, h.Tag, h.Pending, h.PIN.IsZero())
				}
			}
			source := lock.SourceLock
			if p.Traits.CloudList || p.Traits.OfflineOnly {
				source = lock.SourceCloud
			}
			if o.Source != source || o.Reach != lock.Reached || o.Zone != p.Traits.Zone {
				t.Errorf("source %v, reach %v, zone %q", o.Source, o.Reach, o.Zone)
			}
			if p.Traits.OfflineOnly {
				return
			}
			r.clear(held.Ref)
			r.run(time.Minute)
			if len(r.Memory("a")) != 0 || len(r.WouldOpen("a")) != 0 {
				t.Error("the code is still there")
			}
			r.clear(held.Ref)
			if !p.Traits.CannotList && len(r.observe().Held) != 0 {
				t.Error("the code is still listed")
			}
		})
	}
}

func TestRulesOfDigits(t *testing.T) {
	for _, c := range []struct {
		kind      lock.ConstraintKind
		bad, good string
	}{
		{lock.NoZeros, "4820", "4821"},
		{lock.CannotStartWith12, "1283", "2183"},
		{lock.NoTripleConsecutive, "91234", "91235"},
		{lock.NoTripleConsecutive, "77775", "77795"},
		{lock.NoSequence, "9876", "9875"},
		{lock.AtLeastThreeUnique, "1122", "1123"},
		{lock.NotAllSame, "5555", "5556"},
		{lock.UniqueFirstFour, "12314", "12341"},
		{lock.CannotContain089, "1238", "1237"},
		{lock.CannotContain0789, "1237", "1236"},
	} {
		if !breaks(c.kind, c.bad) || breaks(c.kind, c.good) {
			t.Errorf("%s: %s breaks it: %v, %s breaks it: %v", c.kind, c.bad, breaks(c.kind, c.bad), c.good, breaks(c.kind, c.good))
		}
	}
}

func TestRefusals(t *testing.T) {
	long := start.Add(48 * time.Hour)
	for _, c := range []struct {
		name, model string
		before      []lock.Credential
		want        lock.Credential
		kind        driver.Kind
		vendor      string
	}{
		{"length", "native.keypad", nil, code("x", "123"), driver.Rejected, "invalid_code_length"},
		{"digits", "nuki", nil, code("x", "340561"), driver.Rejected, "no_zeros"},
		{"name too short", "kwikset", nil, lock.Credential{Code: "x", Tag: "k", PIN: pinOf("4829"), Enabled: true}, driver.Rejected, "name_length"},
		{"name taken", "hubitat", []lock.Credential{{Code: "y", Tag: "same", PIN: pinOf("1111"), Enabled: true}},
			lock.Credential{Code: "x", Tag: "same", PIN: pinOf("4829"), Enabled: true}, driver.Rejected, "name_must_be_unique"},
		{"window on a simple lock", "jit.keypad", nil, timed("x", "4829", start, long), driver.Unsupported, "schedules_not_supported"},
		{"window without a zone", "zoneless.keypad", nil, timed("x", "4829", start, long), driver.Rejected, "time_zone_unknown"},
		{"window without an end", "kwikset", nil, timed("x", "4829", start.Add(time.Hour), time.Time{}), driver.Unsupported, "end_required"},
		{"start in the past", "kwikset", nil, timed("x", "4829", start.Add(time.Minute), long), driver.Rejected, "start_date_in_future"},
		{"empty window", "native.keypad", nil, timed("x", "4829", start, start.Add(time.Second)), driver.Rejected, "end_before_start"},
		{"own digits", "salto", nil, code("x", "482916"), driver.Rejected, "cannot_specify_pin_code"},
		{"no digits", "jit.keypad", nil, lock.Credential{Code: "x", Enabled: true}, driver.Rejected, "pin_missing"},
		{"disabled", "jit.keypad", nil, lock.Credential{Code: "x", PIN: pinOf("4829")}, driver.Unsupported, "cannot_hold_disabled_codes"},
		{"digits taken", "jit.keypad", []lock.Credential{code("y", "4829")}, code("x", "4829"), driver.Taken, "duplicate_pin"},
		{"digits taken at another time", "unique.keypad", []lock.Credential{timed("y", "4829", start, start.Add(time.Hour))},
			timed("x", "4829", start.Add(5*time.Hour), long), driver.Taken, "duplicate_pin"},
		{"beyond the slots", "jit.keypad", nil, lock.Credential{Code: "x", PIN: pinOf("4829"), Enabled: true, Slot: 21}, driver.Rejected, "no_such_slot"},
		{"change in place", "native.rigid", []lock.Credential{code("x", "4829")}, timed("x", "4829", start, long), driver.Unsupported, "cannot_change_in_place"},
		{"occupied slot", "jit.basic", []lock.Credential{{Code: "y", PIN: pinOf("1111"), Enabled: true, Slot: 1}},
			lock.Credential{Code: "x", PIN: pinOf("4829"), Enabled: true, Slot: 1}, driver.Taken, "slot_occupied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.model)
			for _, b := range c.before {
				r.set(b)
			}
			before := len(r.Memory("a"))
			res := r.call(Call{Verb: verbSet, Want: c.want})
			if res.Err == nil || res.Err.Kind != c.kind || res.Err.Vendor != c.vendor {
				t.Errorf("%v, want %s %s", res.Err, c.kind, c.vendor)
			}
			if len(r.Memory("a")) != before {
				t.Error("a refusal changed the memory")
			}
		})
	}
	r := newRig(t, "unique.keypad", "native.keypad")
	r.set(timed("y", "4829", start, start.Add(time.Hour)))
	if res := r.call(Call{Verb: verbSet, Device: "b", Want: timed("y", "4829", start, start.Add(time.Hour))}); res.Err != nil {
		t.Error(res.Err)
	}
	if res := r.call(Call{Verb: verbSet, Device: "b", Want: timed("x", "4829", start.Add(time.Hour), long)}); res.Err != nil {
		t.Errorf("disjoint windows share digits: %v", res.Err)
	}
}

func TestSpecIsChecked(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Locks: []LockSpec{{ID: "a", Model: "jit.keypd"}}}, `lock a: model "jit.keypd" is unknown; the nearest is "jit.keypad"`},
		{Spec{Locks: []LockSpec{{Model: "jit.keypad"}}}, "id is missing"},
		{Spec{Locks: []LockSpec{{ID: "a", Model: "yale", Zone: "Mars/Base"}}}, `lock a: zone "Mars/Base"`},
		{Spec{Locks: []LockSpec{{ID: "a", Model: "yale", Battery: 2}}}, "lock a: battery"},
		{Spec{Locks: []LockSpec{{ID: "a", Model: "yale", Slots: -1}}}, "lock a: slots"},
		{Spec{Locks: []LockSpec{{ID: "a", Model: "yale"}, {ID: "a", Model: "yale"}}}, `lock a: id "a" is in use`},
		{Spec{Locks: []LockSpec{{ID: "a", Model: "yale", Hub: "a"}}}, "lock a: its hub"},
		{Spec{Accounts: []AccountSpec{{ID: "x"}}, Locks: []LockSpec{{ID: "x", Model: "yale"}}}, `id "x" is in use`},
		{Spec{Hubs: []HubSpec{{ID: "h", Account: "one"}}, Locks: []LockSpec{{ID: "a", Model: "yale", Hub: "h"}}}, "hub h belongs to account one"},
		{Spec{Hubs: []HubSpec{{ID: "h", Queue: -1}}}, "hub h: queue"},
		{Spec{Accounts: []AccountSpec{{ID: "h", Rate: -1}}}, "account h: rate"},
	} {
		_, err := NewFleet(NewKernel(start, 1), c.spec)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
