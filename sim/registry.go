package sim

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// registry is every kind of fault. It is never changed.
var registry = slices.Concat(cloudFaults, hubFaults, radioFaults, lockFaults, moodFaults, actorFaults)

var (
	onAccount = []Target{TargetAccount}
	onHub     = []Target{TargetHub}
	onLock    = []Target{TargetLock}
	onCloud   = []Target{TargetAccount, TargetLock}
	onRadio   = []Target{TargetLock, TargetHub}

	allVerbs = []string{verbObserve, verbSet, verbClear}
	writes   = []string{verbSet, verbClear}
)

const staleRead = "stale-read"

// Kinds lists the fault registry, layer by layer.
func Kinds() []KindInfo {
	var all []KindInfo
	for i := range registry {
		all = append(all, registry[i].KindInfo)
	}
	return all
}

// KindsFor lists the kinds that may be placed on that lock, hub or account; none if there is no such thing.
func (f *Fleet) KindsFor(id string) []KindInfo {
	var all []KindInfo
	for i := range registry {
		if f.fits(&registry[i], id) == nil {
			all = append(all, registry[i].KindInfo)
		}
	}
	return all
}

// targets says what has that id.
func (f *Fleet) targets(id string) []Target {
	var all []Target
	if f.devices[lock.DeviceID(id)] != nil {
		all = append(all, TargetLock)
	}
	if f.hubs[lock.HubID(id)] != nil {
		all = append(all, TargetHub)
	}
	if f.accounts[lock.AccountID(id)] != nil {
		all = append(all, TargetAccount)
	}
	return all
}

// fits refuses a kind that can't be placed on that id.
func (f *Fleet) fits(k *kind, id string) error {
	have := f.targets(id)
	if len(have) == 0 {
		return fmt.Errorf("on: no lock, hub or account is called %q", id)
	}
	if !slices.Contains(k.Targets, have[0]) {
		return fmt.Errorf("kind: %s can't be placed on %s %q", k.Name, article(have[0]), id)
	}
	if d := f.devices[lock.DeviceID(id)]; d != nil && k.fits != nil {
		if why := k.fits(d); why != "" {
			return fmt.Errorf("kind: %s can't be placed on lock %q: %s", k.Name, id, why)
		}
	}
	return nil
}

func article(t Target) string {
	if t == TargetAccount {
		return "an " + string(t)
	}
	return "a " + string(t)
}

// find returns the row that x names for its target.
func (f *Fleet) find(x Fault) (*kind, error) {
	var misfit error
	var names []string
	for i := range registry {
		k := &registry[i]
		names = append(names, k.Name)
		if k.Name != x.Kind {
			continue
		}
		if misfit = f.fits(k, x.On); misfit == nil {
			return k, nil
		}
	}
	if misfit != nil {
		return nil, misfit
	}
	return nil, fmt.Errorf("kind: %q is unknown; the nearest is %q", x.Kind, nearest(x.Kind, names))
}

// validate checks a fault against its row.
func (f *Fleet) validate(x Fault) (*kind, error) {
	k, err := f.find(x)
	if err != nil {
		return nil, err
	}
	switch {
	case x.For < 0:
		return nil, fmt.Errorf("for: must not be negative")
	case !k.PerCall && (x.Op != "" || x.After != 0 || x.P != 0):
		return nil, fmt.Errorf("op, after, p: %s does not strike single calls", k.Name)
	case math.IsNaN(x.P) || x.P < 0 || x.P > 1:
		return nil, fmt.Errorf("p: must lie between 0 and 1")
	case x.After < 0:
		return nil, fmt.Errorf("after: must not be negative")
	case x.Op != "" && !slices.Contains(k.Verbs, x.Op):
		return nil, fmt.Errorf("op: %s strikes %v only", k.Name, k.Verbs)
	case x.Text != "" && k.Text == "":
		return nil, fmt.Errorf("text: %s reads none", k.Name)
	}
	for _, name := range sortedKeys(x.Args) {
		i := slices.IndexFunc(k.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			var names []string
			for _, p := range k.Params {
				names = append(names, p.Name)
			}
			return nil, fmt.Errorf("args: %s reads no %q, only %v", k.Name, name, names)
		}
		if v := x.Args[name]; math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e9 {
			return nil, fmt.Errorf("args: %s must be a number up to 1e9", name)
		}
	}
	return k, f.validText(k, x)
}

func (f *Fleet) validText(k *kind, x Fault) error {
	switch {
	case k.Text == textZone:
		if _, err := time.LoadLocation(x.Text); x.Text == "" || x.Text == "Local" || err != nil {
			return fmt.Errorf("text: %s needs an IANA zone", k.Name)
		}
	case k.Text == textPIN && x.Text != "":
		if _, err := lock.ParsePIN(x.Text); err != nil {
			return fmt.Errorf("text: %w", err)
		}
	case k.Text == textChange && x.Text != "" && !slices.Contains(changes, x.Text):
		return fmt.Errorf("text: %q is no change; it is one of %v", x.Text, changes)
	}
	return nil
}

// What Fault.Text can mean.
const (
	textZone   = "the IANA zone that is believed in"
	textPIN    = "the digits"
	textVendor = "the vendor's reason"
	textChange = "what is changed"
	textCode   = "the code that is lost"
)
