package engine

import (
	"slices"
	"strings"

	"github.com/accesscodes/lockctl/lock"
)

func (b *batch) checkCreateMany(do CreateMany) (change, error) {
	switch {
	case len(do.Devices) == 0:
		return change{}, refuse("invalid_input", "devices", "at least one is needed")
	case len(do.Devices) > maxMany || 8*len(do.Devices) > b.e.limits.MaxOps/2:
		return change{}, refuse("too_large", "devices", "at most "+itoa(int64(min(maxMany, b.e.limits.MaxOps/16)))+" doors fit into one command")
	case len(do.IDs) != 0 && len(do.IDs) != len(do.Devices):
		return change{}, refuse("invalid_input", "ids", "one for each device, or none")
	}
	like := do.Like
	shared, misfits, err := b.sharedPIN(&like, do)
	if err != nil {
		return change{}, err
	}
	var codes []*code
	var notes []string
	seen := map[lock.DeviceID]bool{}
	for i, id := range do.Devices {
		if seen[id] {
			return change{}, refuse("invalid_input", "devices", quote(string(id))+" is named twice")
		}
		seen[id] = true
		one := like
		one.Device, one.ID = id, ""
		if len(do.IDs) > 0 {
			one.ID = do.IDs[i]
			if one.ID != "" && slices.Contains(do.IDs[:i], one.ID) {
				return change{}, refuse("invalid_input", "ids", quote(string(one.ID))+" is named twice")
			}
		}
		pin := shared
		if misfits[id] {
			pin, one.PIN, one.CommonKey = vaultPIN{}, lock.PIN{}, ""
		}
		c, n, err := b.draft(one, i, pin)
		if err != nil && do.OwnPINs && !misfits[id] && (refusedFor(err, "pin_not_allowed") || refusedFor(err, "duplicate_access_code")) {
			one.PIN, one.CommonKey = lock.PIN{}, ""
			c, n, err = b.draft(one, i, vaultPIN{})
		}
		if err != nil {
			return change{}, err
		}
		codes = append(codes, c)
		for _, note := range n {
			notes = append(notes, string(id)+": "+note)
		}
	}
	return b.creation(codes, notes, do.Like), nil
}

func refusedFor(err error, code string) bool {
	r, ok := err.(*Refusal)
	return ok && r.Code == code
}

// sharedPIN draws the PIN that the doors of a create_many share, and names the common key. misfits can't take any shared PIN.
func (b *batch) sharedPIN(like *Create, do CreateMany) (vaultPIN, map[lock.DeviceID]bool, error) {
	misfits := map[lock.DeviceID]bool{}
	if !like.PIN.IsZero() {
		return vaultPIN{like.PIN}, misfits, nil
	}
	var doors []*device
	for _, id := range do.Devices {
		d, err := b.known(id, "devices")
		if err != nil {
			return vaultPIN{}, nil, err
		}
		if d.Device.Traits.AssignsPIN || d.Device.Traits.OfflineOnly || like.Offline {
			if !do.OwnPINs && !like.Offline {
				return vaultPIN{}, nil, refuse("pin_not_allowed", "devices", quote(string(id))+" chooses its own digits and can't share them")
			}
			misfits[id] = true
			continue
		}
		doors = append(doors, d)
	}
	if like.CommonKey == "" && len(doors) > 1 {
		like.CommonKey = "auto_set_by_create_multiple_" + strings.TrimPrefix(string(b.newID(-1)), "code_")
	}
	if len(doors) == 0 {
		return vaultPIN{}, misfits, nil
	}
	if g := b.group(like.CommonKey); !g.PIN.IsZero() {
		return g.PIN, misfits, nil
	}
	for _, n := range doors[0].Device.Traits.Lengths() {
		if slices.ContainsFunc(doors, func(d *device) bool { return !slices.Contains(d.Device.Traits.Lengths(), n) }) {
			continue
		}
		if like.PINLength != 0 && n != doors[0].Device.Traits.Length(like.PINLength) {
			continue
		}
		if pin, ok := b.e.draw(doors[0], like.CommonKey, n, n, doors[1:]...); ok {
			return pin, misfits, nil
		}
	}
	if !do.OwnPINs {
		return vaultPIN{}, nil, refuse("no_pin_left", "devices", "no PIN suits all of these locks")
	}
	for _, d := range doors {
		misfits[d.id()] = true
	}
	return vaultPIN{}, misfits, nil
}
