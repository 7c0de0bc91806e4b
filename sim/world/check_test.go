package world

import (
	"slices"
	"testing"
	"time"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// TestCheckersCatchBreaches plays a handmade breach of every rule, and beside each the near miss that is none.
func TestCheckersCatchBreaches(t *testing.T) {
	none := lock.Window{}
	resists := func(c *court) {
		c.accept(engine.SetPool{Device: "front", On: true})
		c.holds(entry(1, "spare-1", "4829", none))
		c.until(0.5)
		c.clear("1", nil)
		c.until(0.6)
		c.accept(engine.SetPool{Device: "front", On: false})
	}
	win := func(from, to float64) lock.Window { return lock.Window{From: hours(from), To: hours(to)} }
	for _, tt := range []struct {
		name   string
		traits lock.Traits
		play   func(c *court)
		want   string // the rule that is broken; "": none
	}{
		// window, before the start
		{"opens an hour early", jit, func(c *court) {
			c.create("guest", "4829", 4, 28)
			c.until(3)
			c.holds(entry(1, "guest", "4829", none))
			c.until(3.2)
		}, RuleWindow},
		{"opens within the declared lead", jit, func(c *court) {
			c.create("guest", "4829", 4, 28)
			c.until(3.5)
			c.holds(entry(1, "guest", "4829", none))
			c.until(27)
		}, ""},
		{"opens within the lead although the policy forbids it", jit, func(c *court) {
			early := engine.EarlyForbid
			c.accept(engine.SetPolicy{Device: "front", Patch: engine.PolicyPatch{JITEarly: &early}})
			c.create("guest", "4829", 4, 28)
			c.until(3.5)
			c.holds(entry(1, "guest", "4829", none))
			c.until(3.6)
		}, RuleWindow},
		{"stands there disabled, staged", jit, func(c *court) {
			c.create("guest", "4829", 4, 28)
			e := entry(1, "guest", "4829", none)
			e.Enabled = false
			c.holds(e)
			c.until(3)
		}, ""},
		{"loaded ahead with its schedule", native, func(c *court) {
			c.create("guest", "4829", 48, 72)
			c.holds(entry(1, "guest", "4829", win(48, 72)))
			c.until(100)
		}, ""},
		{"loaded ahead without one", native, func(c *court) {
			c.create("guest", "4829", 48, 72)
			c.holds(entry(1, "guest", "4829", none))
			c.until(1)
		}, RuleWindow},
		{"the lock ignores the schedule that it was given", native, func(c *court) {
			c.create("guest", "4829", 48, 72)
			c.deaf = true
			c.holds(entry(1, "guest", "4829", win(48, 72)))
			c.until(1)
		}, ""},
		{"moved later while it opened, and not followed", jit, func(c *court) {
			c.create("guest", "4829", -1, 28)
			c.holds(entry(1, "guest", "4829", none))
			from := hours(10)
			c.accept(engine.Update{Code: "guest", Starts: &from}, "guest")
			c.until(1)
		}, RuleWindow},
		{"moved later while it opened, and followed within the grace", jit, func(c *court) {
			c.create("guest", "4829", -1, 28)
			c.holds(entry(1, "guest", "4829", none))
			from := hours(10)
			c.accept(engine.Update{Code: "guest", Starts: &from}, "guest")
			c.until(0.03)
			c.holds()
			c.until(1)
		}, ""},
		// window, after the end
		{"forgotten after its end", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.until(3)
		}, RuleWindow},
		{"shared with the next stay of the same holder", jit, func(c *court) {
			c.accept(engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829"), Starts: hours(-1), Ends: hours(2), Holder: "ada"}, "guest")
			c.accept(engine.Create{ID: "next", Device: "front", PIN: digitsOf("4829"), Starts: hours(2), Ends: hours(5), Holder: "ada"}, "next")
			c.holds(entry(1, "guest", "4829", none))
			c.until(5.02)
			c.holds()
			c.until(6)
		}, ""},
		{"shared with the next stay, and forgotten after that", jit, func(c *court) {
			c.accept(engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829"), Starts: hours(-1), Ends: hours(2), Holder: "ada"}, "guest")
			c.accept(engine.Create{ID: "next", Device: "front", PIN: digitsOf("4829"), Starts: hours(2), Ends: hours(5), Holder: "ada"}, "next")
			c.holds(entry(1, "guest", "4829", none))
			c.until(6)
		}, RuleWindow},
		{"not shared with the next stay of somebody else", jit, func(c *court) {
			c.accept(engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829"), Starts: hours(-1), Ends: hours(2), Holder: "ada"}, "guest")
			c.accept(engine.Create{ID: "next", Device: "front", PIN: digitsOf("4829"), Starts: hours(2), Ends: hours(5), Holder: "bea"}, "next")
			c.holds(entry(1, "guest", "4829", none))
			c.until(3)
		}, RuleWindow},
		{"erased within the grace", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.until(2.03)
			c.holds()
			c.until(3)
		}, ""},
		{"the erase fails since the lock is out of reach", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			for h := 2.0; h < 8; h += 0.5 {
				c.until(h)
				c.clear("1", offline)
			}
		}, ""},
		{"and nobody tries again", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.until(2)
			c.clear("1", offline)
			c.until(4)
		}, RuleWindow},
		{"back in reach, and no erase", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.until(1.9)
			c.done(engine.CallObserve, sim.Result{Observation: lock.Observation{Reach: lock.LockDown}})
			c.until(2.5)
			c.look(shown(c.mem[0]))
			c.until(2.6)
		}, RuleWindow},
		{"the erase is acknowledged and the lock keeps it", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			for h := 2.0; h < 4; h += 0.5 {
				c.until(h)
				c.clear("1", nil)
			}
		}, ""},
		{"the engine is stopped", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.j.stopped()
			c.until(12)
		}, ""},
		{"the engine was stopped and does not catch up", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.j.stopped()
			c.until(12)
			c.j.started(c.now)
			c.until(12.1)
		}, RuleWindow},
		{"the erase of another entry fails, which is no excuse", jit, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.create("other", "5160", -1, 2)
			c.holds(entry(1, "guest", "4829", none), entry(2, "other", "5160", none))
			for h := 2.0; h < 4; h += 0.25 {
				c.until(h)
				c.clear("2", nil)
			}
		}, RuleWindow},
		{"a cloud that lists for the lock was never told to erase", cloudy, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.look(shown(c.mem[0]))
			c.until(4)
		}, RuleWindow},
		{"a cloud that lists for the lock acknowledged the erase", cloudy, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.look(shown(c.mem[0]))
			c.until(2)
			c.clear("1", nil)
			c.until(48)
		}, ""},
		{"a lock that ignores its schedule opens before the start", native, func(c *court) {
			c.create("guest", "4829", 20, 22)
			c.deaf = true
			c.holds(entry(1, "guest", "4829", win(20, 22)))
			c.until(19)
		}, ""},
		{"a lock that ignores its schedule is left with what has ended", native, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.deaf = true
			c.holds(entry(1, "guest", "4829", win(-1, 2)))
			c.until(4)
		}, RuleWindow},
		{"hands may change it, and none has been there", jit, func(c *court) {
			c.accept(engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829"), Starts: hours(4), Ends: hours(5), AllowExternal: true}, "guest")
			c.holds(entry(1, "guest", "4829", none))
			c.until(3)
		}, RuleWindow},
		{"hands may change it, and one has been there", jit, func(c *court) {
			c.accept(engine.Create{ID: "guest", Device: "front", PIN: digitsOf("4829"), Starts: hours(4), Ends: hours(5), AllowExternal: true}, "guest")
			c.mem = []sim.Memory{entry(1, "guest", "4829", none)}
			c.j.record(sim.Record{Kind: sim.KindMemory, Device: "front"})
			c.until(3)
		}, ""},
		{"overwritten with its own digits", jit, func(c *court) {
			c.create("guest", "4829", -2, -1)
			c.j.call(c.now, engine.Call{Device: "front", Verb: engine.CallSet, At: "1", Blank: true,
				Want: lock.Credential{Code: "guest", PIN: digitsOf("4829"), Enabled: true}, Deadline: c.now.Add(30 * time.Second)})
		}, RuleWindow},
		{"overwritten with digits that nobody knows", jit, func(c *court) {
			c.create("guest", "4829", -2, -1)
			c.j.call(c.now, engine.Call{Device: "front", Verb: engine.CallSet, At: "1", Blank: true,
				Want: lock.Credential{Code: "guest", PIN: digitsOf("5160"), Enabled: true}, Deadline: c.now.Add(30 * time.Second)})
		}, ""},
		{"a lock that lists nothing acknowledged the erase", dumb, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			c.until(2)
			c.clear("1", nil)
			c.until(48)
		}, ""},
		{"the hub is down, so nobody asks the lock", jit, func(c *court) {
			for _, id := range []lock.DeviceID{"side", "back"} {
				c.accept(engine.AddDevice{Device: lock.Device{ID: id, Account: "acme", Hub: "attic"}})
			}
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			for h := 1.9; h < 4; h += 0.25 {
				c.until(h)
				c.j.outcome(c.now, engine.Call{Device: "side", Verb: engine.CallObserve}, sim.Result{Observation: lock.Observation{Reach: lock.HubDown}})
			}
		}, ""},
		{"another lock of the hub is dead, which is no excuse", jit, func(c *court) {
			c.accept(engine.AddDevice{Device: lock.Device{ID: "side", Account: "acme", Hub: "attic"}})
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", none))
			for h := 1.9; h < 4; h += 0.25 {
				c.until(h)
				c.j.outcome(c.now, engine.Call{Device: "side", Verb: engine.CallSet}, sim.Result{Err: offline})
			}
		}, RuleWindow},
		{"withdrawn and still there", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.holds(entry(1, "guest", "4829", none))
			c.accept(engine.Delete{Code: "guest"}, "guest")
			c.until(1)
		}, RuleWindow},
		{"withdrawn, and then that was undone", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.holds(entry(1, "guest", "4829", none))
			seq := c.accept(engine.Delete{Code: "guest"}, "guest")
			c.accept(engine.Undo{Receipt: seq}, "guest")
			c.until(1)
		}, ""},
		{"created, and then that was undone", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.holds(entry(1, "guest", "4829", none))
			c.accept(engine.Undo{Receipt: c.seq}, "guest")
			c.until(1)
		}, RuleWindow},
		{"a spare, and the pool was switched off and on again by an undo", jit, func(c *court) {
			c.accept(engine.SetPool{Device: "front", On: true})
			c.holds(entry(1, "front.backup-1", "4829", none))
			seq := c.accept(engine.SetPool{Device: "front", On: false})
			c.accept(engine.Undo{Receipt: seq})
			c.until(1)
		}, ""},
		{"nobody asked for it", jit, func(c *court) {
			c.holds(entry(1, "ghostly", "4829", none))
			c.until(1)
		}, RuleWindow},
		{"a spare of the pool", jit, func(c *court) {
			c.accept(engine.SetPool{Device: "front", On: true})
			c.holds(entry(1, "spare-1", "4829", none))
			c.until(100)
		}, ""},
		{"a spare after the pool was switched off", jit, func(c *court) {
			c.accept(engine.SetPool{Device: "front", On: true})
			c.holds(entry(1, "spare-1", "4829", none))
			c.accept(engine.SetPool{Device: "front", On: false})
			c.until(1)
		}, RuleWindow},
		{"digits that a vendor computes are asked for, for times that begin earlier", lock.Traits{OfflineOnly: true}, func(c *court) {
			c.create("guest", "4829", 4, 28)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("4829"), Enabled: true, Window: lock.Window{From: hours(3), To: hours(27)}}, "")
		}, ""},
		{"the same, of a lock that keeps them itself", native, func(c *court) {
			c.create("guest", "4829", 4, 28)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("4829"), Enabled: true, Window: lock.Window{From: hours(3), To: hours(27)}}, "")
		}, RuleWindow},
		{"a spare that had resisted its erase before the pool was switched off", jit, func(c *court) {
			resists(c)
			c.until(1)
		}, ""},
		{"and is not tried again", jit, func(c *court) {
			resists(c)
			c.until(2)
		}, RuleWindow},
		{"a pulled spare outlives the code that it stands in for", jit, func(c *court) {
			c.accept(engine.SetPool{Device: "front", On: true})
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "spare-1", "5160", none))
			c.j.accept(c.now, engine.Command{Do: engine.PullBackup{Code: "guest"}}, engine.Receipt{Seq: 99, Backup: "spare-1"})
			c.until(3)
		}, RuleWindow},
		{"a pulled spare stays as long as the code that it stands in for", jit, func(c *court) {
			c.accept(engine.SetPool{Device: "front", On: true})
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "spare-1", "5160", none))
			c.accept(engine.PullBackup{Code: "guest"}, "guest")
			c.j.pulled(c.now, "guest", "spare-1")
			c.accept(engine.Convert{Code: "guest", Ongoing: true}, "guest")
			c.until(50)
		}, ""},
		{"a pulled spare outlives the withdrawal", jit, func(c *court) {
			c.accept(engine.SetPool{Device: "front", On: true})
			c.create("guest", "4829", -1, 20)
			c.holds(entry(1, "spare-1", "5160", none))
			c.j.pulled(c.now, "guest", "spare-1")
			c.accept(engine.Delete{Code: "guest"}, "guest")
			c.until(1)
		}, RuleWindow},
		{"what a person put there opens as long as it likes", jit, func(c *court) {
			e := entry(1, "", "4829", none)
			e.Foreign = true
			c.holds(e)
			c.until(100)
		}, ""},
		{"a lock without summer time opens an hour late on the day of the change", naive, func(c *court) {
			// In Berlin clocks change on 29 March 2026, in the middle of this stay.
			c.create("guest", "4829", 18*24, 20*24)
			c.deaf = true
			c.holds(entry(1, "guest", "4829", win(18*24, 20*24+1)))
			c.until(20*24 + 0.99)
			c.holds()
		}, ""},
		{"asked to open beyond the end", native, func(c *court) {
			c.create("guest", "4829", 48, 72)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("4829"), Window: win(48, 73), Enabled: true}, "")
		}, RuleWindow},
		{"asked for the wished window", native, func(c *court) {
			c.create("guest", "4829", 48, 72)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("4829"), Window: win(48, 72), Enabled: true}, "")
		}, ""},
		{"asked to open long before the start", native, func(c *court) {
			c.create("guest", "4829", 48, 72)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("4829"), Enabled: true}, "")
		}, RuleWindow},
		// arrival
		{"a battery that is low explains no closed door", jit, func(c *court) {
			c.create("guest", "4829", 4, 28)
			c.until(1)
			c.told("low_battery")
			c.until(5)
		}, RuleArrival},
		{"a cloud that does not answer explains one", jit, func(c *court) {
			c.create("guest", "4829", 4, 28)
			c.until(1)
			c.told("provider_down")
			c.until(5)
		}, ""},
		{"nothing may be written ahead, and another stay begins at once", jit, func(c *court) {
			c.takesTurns()
			c.until(4.05)
			c.holds(entry(1, "guest", "4829", none), entry(2, "other", "5160", none))
			c.until(5)
		}, ""},
		{"nothing may be written ahead, and the turn of a stay never comes", jit, func(c *court) {
			c.takesTurns()
			c.until(4.03)
			c.send(engine.CallObserve, lock.Credential{}, "")
			c.until(5)
		}, RuleArrival},
		// one-effect
		{"twice the same", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.holds(entry(1, "guest", "4829", none), entry(2, "guest", "4829", none))
		}, RuleOneEffect},
		{"a replacement beside what it replaces", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.holds(entry(1, "guest", "4829", none), entry(2, "guest", "5160", none))
			c.until(0.1)
			c.holds(entry(2, "guest", "5160", none))
			c.until(2)
		}, ""},
		{"a replacement that is never finished", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.holds(entry(1, "guest", "4829", none), entry(2, "guest", "5160", none))
			c.until(1)
		}, RuleOneEffect},
		// told
		{"other digits than those that were told", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("5160"), Enabled: true}, "")
		}, RuleTold},
		{"other digits since a command says so", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.accept(engine.Rotate{Code: "guest"}, "guest")
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("5160"), Enabled: true}, "")
		}, ""},
		{"other digits than those that were revealed", jit, func(c *court) {
			c.create("guest", "", 0, 0)
			c.j.accept(c.now, engine.Command{Do: engine.Reveal{Code: "guest"}}, engine.Receipt{
				Seq: 99, Codes: []lock.CodeID{"guest"}, PINs: []lock.PIN{digitsOf("4829")}})
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("5160"), Enabled: true}, "")
		}, RuleTold},
		{"overwritten after the end since it can't be erased", jit, func(c *court) {
			c.create("guest", "4829", -2, -1)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("5160"), Enabled: true}, "1")
		}, ""},
		// in-house
		{"a guest's entry is erased before its replacement works", jit, func(c *court) {
			c.create("guest", "4829", -1, 28)
			c.holds(entry(1, "guest", "4829", none))
			c.clear("1", nil)
		}, RuleInHouse},
		{"it is erased after", jit, func(c *court) {
			c.create("guest", "4829", -1, 28)
			c.holds(entry(1, "guest", "4829", none), entry(2, "guest", "5160", none))
			c.clear("1", nil)
		}, ""},
		{"the gap was accepted", jit, func(c *court) {
			c.create("guest", "4829", -1, 28)
			c.holds(entry(1, "guest", "4829", none))
			to := hours(30)
			c.accept(engine.Update{Code: "guest", Ends: &to, AcceptGap: true}, "guest")
			c.clear("1", nil)
		}, ""},
		{"it was withdrawn", jit, func(c *court) {
			c.create("guest", "4829", -1, 28)
			c.holds(entry(1, "guest", "4829", none))
			c.accept(engine.Delete{Code: "guest"}, "guest")
			c.clear("1", nil)
			c.holds()
		}, ""},
		{"it is erased in its last minute", native, func(c *court) {
			c.create("guest", "4829", -1, 2)
			c.holds(entry(1, "guest", "4829", win(-1, 2)))
			c.until(1.99)
			c.clear("1", nil)
			c.holds()
		}, RuleInHouse},
		{"its end is rounded down to now", native, func(c *court) {
			c.create("guest", "4829", -1, 2.01) // 36 s past the minute
			c.holds(entry(1, "guest", "4829", none))
			c.until(2.005)
			c.clear("1", nil)
			c.holds()
		}, ""},
		{"nobody was told the digits", jit, func(c *court) {
			c.create("guest", "", -1, 28)
			c.holds(entry(1, "guest", "4829", none))
			c.clear("1", nil)
		}, ""},
		// unique
		{"two live codes with the same digits", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.create("other", "4829", 0, 0)
			c.holds(entry(1, "guest", "4829", none), entry(2, "other", "4829", none))
		}, RuleUnique},
		{"the other has ended", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.create("other", "4829", -2, -0.01)
			c.holds(entry(1, "guest", "4829", none), entry(2, "other", "4829", none))
		}, ""},
		// slot-reuse
		{"a slot is written while its erase is in doubt", jit, func(c *court) {
			c.create("old", "4829", -2, -1)
			c.create("guest", "5160", 0, 0)
			c.holds(entry(3, "old", "4829", none))
			c.clear("3", timeout)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("5160"), Slot: 3, Enabled: true}, "")
		}, RuleSlotReuse},
		{"a spare is written to its own slot once more, of which an erase did not come to the lock", jit, func(c *court) {
			c.accept(engine.SetPool{Device: "front", On: true})
			c.holds(entry(3, "spare-1", "4829", none))
			c.clear("3", offline)
			c.send(engine.CallSet, lock.Credential{Code: "spare-1", PIN: digitsOf("4829"), Slot: 3, Enabled: true}, "")
		}, ""},
		{"a slot that was written a moment ago is written for another code", mute, func(c *court) {
			c.create("old", "", 0, 0)
			c.create("guest", "5160", 0, 0)
			c.send(engine.CallSet, lock.Credential{Code: "old", PIN: digitsOf("4829"), Slot: 3, Enabled: true}, "")
			c.mem = []sim.Memory{entry(3, "old", "4829", none)}
			c.done(engine.CallSet, sim.Result{Held: lock.Held{Ref: "3", Slot: 3}})
			c.j.record(sim.Record{Kind: sim.KindMemory, Device: "front"})
			c.until(0.1)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("5160"), Slot: 3, Enabled: true}, "")
		}, RuleSlotReuse},
		{"a slot is written that was shown to hold what was adopted, and holds what is over", jit, func(c *court) {
			c.create("old", "4829", -2, -1)
			c.holds(entry(3, "old", "9173", none))
			c.look(shown(entry(3, "", "5160", none)))
			c.accept(engine.Adopt{Device: "front", Ref: "3", ID: "kept"}, "kept")
			c.until(0.1)
			c.look(shown(entry(3, "", "9173", none)))
			c.send(engine.CallSet, lock.Credential{Code: "kept", PIN: digitsOf("5160"), Slot: 3, Enabled: true}, "")
		}, ""},
		{"the same, and what it holds is wished", jit, func(c *court) {
			c.create("old", "9173", 1, 5)
			c.holds(entry(3, "old", "9173", lock.Window{From: hours(1), To: hours(5)}))
			c.look(shown(entry(3, "", "5160", none)))
			c.accept(engine.Adopt{Device: "front", Ref: "3", ID: "kept"}, "kept")
			c.until(0.1)
			c.look(shown(entry(3, "", "9173", none)))
			c.send(engine.CallSet, lock.Credential{Code: "kept", PIN: digitsOf("5160"), Slot: 3, Enabled: true}, "")
		}, RuleSlotReuse},
		{"a look shows that it is empty", jit, func(c *court) {
			c.create("old", "4829", -2, -1)
			c.create("guest", "5160", 0, 0)
			c.holds(entry(3, "old", "4829", none))
			c.clear("3", timeout)
			c.holds()
			c.look()
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("5160"), Slot: 3, Enabled: true}, "")
		}, ""},
		// foreign
		{"a foreign code is erased", jit, func(c *court) {
			e := entry(5, "", "7788", none)
			e.Foreign = true
			c.holds(e)
			c.until(0.1)
			c.look(shown(e))
			c.clear("5", nil)
		}, RuleForeign},
		{"a foreign code is overwritten", jit, func(c *court) {
			e := entry(5, "", "7788", none)
			e.Foreign = true
			c.holds(e)
			c.create("guest", "4829", 0, 0)
			c.until(0.1)
			c.look(shown(e))
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("4829"), Slot: 5, Enabled: true}, "")
		}, RuleForeign},
		{"a foreign code on a lock without names is erased for a code that never stood there", jit, func(c *court) {
			e := entry(5, "", "7788", none)
			e.Foreign = true
			c.holds(e)
			c.create("guest", "4829", -2, -1)
			c.until(0.1)
			c.look(shown(e))
			call := engine.Call{Device: "front", Verb: engine.CallClear, At: "5", Code: "guest", Deadline: c.now.Add(30 * time.Second)}
			c.j.call(c.now, call)
		}, RuleForeign},
		{"what stands in the place of a code on a lock without names may be the code", jit, func(c *court) {
			c.create("guest", "4829", -2, 0.05)
			c.holds(entry(5, "guest", "4829", none))
			e := entry(5, "", "7788", none)
			e.Foreign = true
			c.holds(e)
			c.until(0.1)
			c.look(shown(e))
			call := engine.Call{Device: "front", Verb: engine.CallClear, At: "5", Code: "guest", Deadline: c.now.Add(30 * time.Second)}
			c.j.call(c.now, call)
		}, ""},
		{"a command says to erase it", jit, func(c *court) {
			e := entry(5, "", "7788", none)
			e.Foreign = true
			c.holds(e)
			c.until(0.1)
			c.look(shown(e))
			c.accept(engine.DeleteUnmanaged{Device: "front", Ref: "5"})
			c.clear("5", nil)
		}, ""},
		{"somebody wrote there a moment ago, which nobody could know", jit, func(c *court) {
			c.look()
			e := entry(5, "", "7788", none)
			e.Foreign = true
			c.holds(e)
			c.create("guest", "4829", 0, 0)
			c.send(engine.CallSet, lock.Credential{Code: "guest", PIN: digitsOf("4829"), Slot: 5, Enabled: true}, "")
		}, ""},
		// digits
		{"a PIN shows in a record", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.j.record(sim.Record{At: c.now, Kind: sim.KindCall, Text: "writes 4829 for the guest"})
		}, RuleDigits},
		{"a PIN shows in an event", jit, func(c *court) {
			c.create("guest", "4829", 0, 0)
			c.j.event(engine.Event{At: c.now, Type: "access_code.created", Text: "PIN=4829."})
		}, RuleDigits},
		{"digits that are part of a name, a date or a number are none", jit, func(c *court) {
			c.create("guest", "2026", 0, 0)
			c.create("other", "4829", 0, 0)
			for _, text := range []string{"room-4829 is set", "until 2026-03-28T08:00:00Z", "4829s later", "the 48290th time", "v1.4829.2", "4829:30"} {
				c.j.record(sim.Record{At: c.now, Kind: sim.KindEvent, Text: text})
			}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := try(t, tt.traits)
			tt.play(c)
			var want []string
			if tt.want != "" {
				want = []string{tt.want}
			}
			if got := c.rules(); !slices.Equal(got, want) {
				t.Errorf("broken rules %q, want %q\n%+v", got, want, c.j.breaches)
			}
		})
	}
}

func TestEveryRuleHasABreachInTheTable(t *testing.T) {
	if len(Rules()) != 9 || len(slices.Compact(slices.Sorted(slices.Values(Rules())))) != 9 {
		t.Errorf("rules are %q, want nine different names", Rules())
	}
}

func TestBreachesAreBounded(t *testing.T) {
	c := try(t, jit)
	for i := range 3 * MaxBreaches {
		c.j.breach(noon, RuleWindow, "front", lock.CodeID(rune('a'+i)), "")
	}
	c.j.breach(noon, RuleWindow, "front", "a", "")
	if got := len(c.j.breaches); got != MaxBreaches {
		t.Errorf("%d breaches are kept, want %d", got, MaxBreaches)
	}
}

func TestABreachIsToldOnce(t *testing.T) {
	c := try(t, jit)
	c.create("guest", "4829", -2, 1)
	c.holds(entry(1, "guest", "4829", lock.Window{}))
	for h := 2.0; h < 50; h++ {
		c.until(h)
		c.j.record(sim.Record{Kind: sim.KindMemory, Device: "front"})
		c.until(h)
	}
	if got := len(c.j.breaches); got != 1 {
		t.Errorf("%d breaches, want one: %+v", got, c.j.breaches)
	}
}

func TestWishesAreForgottenOnceNothingIsLeft(t *testing.T) {
	c := try(t, jit)
	for i := range 200 {
		c.create(lock.CodeID("guest-"+string(rune('a'+i))), "", float64(i), float64(i)+0.5)
		c.until(float64(i) + 1)
	}
	c.until(1000)
	for i := range 16 {
		c.create(lock.CodeID("last-"+string(rune('a'+i))), "", 1000, 1001)
	}
	c.until(1001)
	if got := len(c.j.wishes); got > 20 {
		t.Errorf("%d wishes are kept long after their ends, want at most 20", got)
	}
}
