package sim

import (
	"slices"

	"github.com/accesscodes/lockctl/lock"
)

// changes are what an actor can do to a code that stands on a lock.
var changes = []string{"pin", "disable", "remove", "name", "window"}

var actorFaults = []kind{
	{
		KindInfo: KindInfo{
			Name: "foreign-write", Layer: LayerActor, Targets: onLock, Text: textPIN,
			Params: []Param{
				{"slot", 0, "where; 0: the lowest free slot"}, {"count", 1, "codes that are written"}, {"every", 60, "seconds from one to the next"},
			},
			Meaning: "somebody writes a code of their own, with random digits unless some are given",
		},
		tick: func(x *trouble, d *device) bool {
			x.count++
			pin := pinOf(x.Text)
			if pin.IsZero() || x.count > 1 {
				pin = d.freshPIN(x)
			}
			if d.plant(int(x.arg("slot")), pin) {
				x.fire(d)
			}
			return x.count >= int(x.arg("count"))
		},
	},
	{
		KindInfo: KindInfo{
			Name: "manual-edit", Layer: LayerActor, Targets: onLock, Text: textChange,
			Params: []Param{
				{"slot", 0, "which entry; 0: a random one of ours"}, {"count", 1, "edits that are made"},
				{"every", 60, "seconds from one to the next, and between tries while there is nothing to edit"},
			},
			Meaning: "somebody changes one of our codes at the lock: its digits, unless text says disable, remove, name or window",
		},
		tick: func(x *trouble, d *device) bool {
			if i := x.victim(d); i >= 0 && !d.mem[i].Ghost {
				x.fire(d)
				x.count++
				x.tamper(d, i)
			}
			return x.count >= int(x.arg("count"))
		},
	},
	{
		KindInfo: KindInfo{
			Name: "intruder", Layer: LayerActor, Targets: onLock,
			Params: []Param{
				{"slot", 0, "whose; 0: the first that holds a code of ours"}, {"every", 60, "seconds from one write to the next"}, {"times", 0, "writes; 0: until it ends"},
			},
			Meaning: "another controller keeps writing its own digits into a slot",
		},
		tick: func(x *trouble, d *device) bool {
			if x.pin.IsZero() {
				x.pin = d.freshPIN(x)
			}
			if x.slot == 0 {
				x.slot = int(x.arg("slot"))
			}
			if i := x.victim(d); x.slot == 0 && i >= 0 {
				x.slot = d.mem[i].Slot
			}
			if x.slot > 0 && d.plant(x.slot, x.pin) {
				x.fire(d)
				x.count++
			}
			return x.arg("times") > 0 && x.count >= int(x.arg("times"))
		},
	},
	{
		KindInfo: KindInfo{
			Name: "guest-typing", Layer: LayerActor, Targets: onLock,
			Params:  []Param{{"every", 30, "seconds from one try to the next"}, {"times", 0, "tries; 0: until it ends"}},
			Meaning: "somebody at the door types digits that no code has",
		},
		tick: func(x *trouble, d *device) bool {
			x.fire(d)
			x.count++
			d.try(d.freshPIN(x))
			return x.arg("times") > 0 && x.count >= int(x.arg("times"))
		},
	},
	{
		KindInfo: KindInfo{
			Name: "mistypes", Layer: LayerActor, Targets: onLock, PerCall: true, Verbs: []string{"type"},
			Meaning: "who types a code gets one digit wrong",
		},
		types: func(x *trouble, d *device, pin lock.PIN) lock.PIN {
			digits := []byte(pin.Reveal())
			at, by := x.rand.IntN(len(digits)), x.rand.IntN(9)
			right := digits[at]
			for i := range 9 {
				digits[at] = '0' + (right-'0'+byte(1+(by+i)%9))%10
				if wrong := pinOf(string(digits)); !d.knows(wrong) {
					x.fire(d)
					return wrong
				}
			}
			return pin
		},
	},
}

// freshPIN draws digits that the lock does not know, from the actor's own luck.
func (d *device) freshPIN(x *trouble) lock.PIN {
	length := 6
	if n := d.traits.PINLengths; len(n) > 0 {
		length = n[len(n)/2]
	}
	for {
		if pin := drawPIN(x.rand, length); !d.knows(pin) && d.prof.obeys(pin) {
			return pin
		}
	}
}

// plant writes digits of somebody else into a slot, over what is there; slot 0 is the lowest free one.
func (d *device) plant(slot int, pin lock.PIN) bool {
	if slot == 0 {
		slot = freeSlot(d.mem, d.capacity())
	}
	if slot < 1 || slot > d.capacity() {
		return false
	}
	own := indexSlot(d.mem, slot)
	if own >= 0 && (d.mem[own].Ghost || d.mem[own].PIN == pin) {
		return false
	}
	if own >= 0 && d.mem[own].Code != "" {
		d.change(own, func(e *entry) { e.PIN, e.Foreign = pin, true })
	} else {
		d.added(d.write(own, slot, &lock.Credential{PIN: pin, Name: "other", Enabled: true}, ""))
	}
	d.f.notify(d)
	return true
}

// tamper changes the entry at i as Text says.
func (x *trouble) tamper(d *device, i int) {
	switch x.Text {
	case "remove":
		d.remove(i)
	case "disable":
		d.change(i, func(e *entry) { e.Enabled = false })
	case "name":
		d.change(i, func(e *entry) { e.Tag, e.Name = "", clip("renamed", d.traits.NameMax) })
	case "window":
		d.change(i, func(e *entry) { e.Window = lock.Window{} })
	default:
		pin := d.freshPIN(x)
		d.change(i, func(e *entry) { e.PIN, e.Foreign = pin, true })
	}
	d.f.notify(d)
}

// sortedKeys returns the names in order, so that the first mistake is always the same.
func sortedKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
