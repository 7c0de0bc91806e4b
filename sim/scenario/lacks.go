package scenario

import (
	"slices"
	"strconv"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// lacks says why a story can't be told of the vendor's locks; "": it can.
func (x *Through) lacks(f *File) string {
	zones := map[lock.AccountID]string{}
	locks := map[lock.AccountID]int{}
	all, _ := mounted(f)
	if n := x.unmet(f.Needs, all); n != "" {
		return "needs " + string(n)
	}
	for _, l := range all {
		if locks[l.Account]++; x.Most > 0 && locks[l.Account] > x.Most {
			return "has more than " + strconv.Itoa(x.Most) + " locks in an account"
		}
		switch before, ok := zones[l.Account]; {
		case l.Zone == "none":
			return "is about a lock without a zone"
		case ok && before != l.Zone:
			return "has locks in several zones"
		}
		zones[l.Account] = l.Zone
	}
	own := func(l sim.LockSpec) bool { return l.Model == x.Model }
	if x.Traits.OfflineOnly && !slices.ContainsFunc(all, own) {
		if why := untold(f); why != "" {
			return why
		}
	}
	if !meets("reuse", x.Traits) && reuses(f) {
		return "needs reuse"
	}
	for _, s := range f.Steps {
		if do, ok := s.Do.(Fault); ok && x.Direct && do.Fault.Kind == "down" {
			return "is about a cloud"
		}
		n := implied(s)
		if n == "lock-list" && slices.Contains(f.Needs, "cloud-list") {
			n = "" // it is about what the cloud then says
		}
		if n != "" && !meets(n, x.Traits) && !(n == "own-pin" && x.leavesOut(s)) {
			return "needs " + string(n)
		}
	}
	return ""
}

// unmet is the first of these needs that the vendor's locks don't meet in place of a story's; "": there is none.
func (x *Through) unmet(needs []Need, locks []sim.LockSpec) Need {
	i := slices.IndexFunc(needs, func(n Need) bool {
		switch n {
		case namedModels:
			return slices.ContainsFunc(locks, func(l sim.LockSpec) bool { return l.Model != x.Model })
		case needsBare:
			return x.Hosted
		case needsDisabled:
			return !x.Disabled
		case needsFull:
			return x.HidesFull
		case needsPush:
			return !x.Push
		}
		return !meets(n, x.Traits)
	})
	if i < 0 {
		return ""
	}
	return needs[i]
}

// share is the story without the steps and expectations that the vendor's locks have no part in.
func (x *Through) share(f *File) *File {
	locks, _ := mounted(f)
	out := *f
	out.Steps = slices.DeleteFunc(slices.Clone(f.Steps), func(s Step) bool { return x.unmet(s.Needs, locks) != "" })
	out.Expects = slices.DeleteFunc(slices.Clone(f.Expects), func(e Expect) bool { return x.unmet(e.Needs, locks) != "" })
	return &out
}

// reuses reports whether a story gives the same digits to two codes of a lock.
func reuses(f *File) bool {
	type use struct {
		device lock.DeviceID
		pin    lock.PIN
	}
	seen := map[use]bool{}
	for _, s := range f.Steps {
		c, ok := s.Do.(Command)
		if !ok || s.Refused != "" {
			continue
		}
		var uses []use
		switch do := c.Action.(type) {
		case engine.Create:
			uses = append(uses, use{do.Device, do.PIN})
		case engine.CreateMany:
			for _, id := range do.Devices {
				uses = append(uses, use{id, do.Like.PIN})
			}
		}
		for _, u := range uses {
			if !u.pin.IsZero() && seen[u] {
				return true
			}
			seen[u] = true
		}
	}
	return false
}

// implied is the trait that a step lives on; "": none. A step that must be refused lives on nothing. A reset is
// seen only where the lock itself is read.
func implied(s Step) Need {
	switch do := s.Do.(type) {
	case Edit:
		switch do.Edit.Kind {
		case sim.EditWindow:
			return "native"
		case sim.EditReset:
			return "lock-list"
		}
	case Fault:
		if k := do.Fault.Kind; k == "reset" || k == "factory" {
			return "lock-list"
		}
	}
	c, ok := s.Do.(Command)
	if !ok || s.Refused != "" {
		return ""
	}
	switch do := c.Action.(type) {
	case engine.Create:
		return impliedBy(do)
	case engine.CreateMany:
		if !do.OwnPINs {
			return "own-pin" // they share them
		}
		return impliedBy(do.Like)
	case engine.Update:
		switch {
		case do.PIN != nil:
			return "own-pin"
		case do.UsePool:
			return "pool"
		}
	case engine.Rotate:
		return "own-pin" // a vendor that chooses digits does so once
	case engine.PullBackup:
		return "pool"
	case engine.SetPool:
		if do.On {
			return "pool"
		}
	}
	return ""
}

func impliedBy(do engine.Create) Need {
	switch {
	case do.Offline, do.OneTime:
		return "offline"
	case !do.PIN.IsZero():
		return "own-pin"
	case do.UsePool:
		return "pool"
	}
	return ""
}
