package scenario

import (
	"slices"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
	"github.com/accesscodes/lockctl/sim/world"
)

// The names that a file may use and that other packages own.

func models() []string {
	var names []string
	for _, p := range sim.Profiles() {
		names = append(names, p.Name)
	}
	return names
}

// Need is a trait that a story lives on.
type Need string

// need is one row of the table of needs.
type need struct {
	name    Need
	meaning string
	met     func(lock.Traits) bool
}

// Needs that are not about a lock's traits.
const (
	namedModels   Need = "models"
	needsPush     Need = "push"
	needsBare     Need = "bare"
	needsDisabled Need = "disabled"
	needsFull     Need = "full"
)

func needTable() []need {
	return []need{
		{"native", "the lock honours windows by its own clock", func(t lock.Traits) bool { return t.NativeSchedule }},
		{"jit", "it does not: codes are written just in time", func(t lock.Traits) bool { return !t.NativeSchedule && !t.OfflineOnly }},
		{"open-ended", "a native window may lack an end", func(t lock.Traits) bool { return t.NativeSchedule && t.OpenEnded }},
		{"told", "it is told its codes, which some locks know by their digits alone", func(t lock.Traits) bool { return !t.OfflineOnly }},
		{"list", "what the lock holds can be read back", func(t lock.Traits) bool { return !t.CannotList && !t.OfflineOnly }},
		{"lock-list", "and is read back from the lock itself", func(t lock.Traits) bool { return !t.CannotList && !t.OfflineOnly && !t.CloudList }},
		{"cloud-list", "and is the cloud's own copy", func(t lock.Traits) bool { return !t.CannotList && t.CloudList }},
		{"own-slots", "the writer chooses the slot", func(t lock.Traits) bool { return t.ClientSlots }},
		{"given-slots", "the lock does, or its cloud", func(t lock.Traits) bool { return !t.ClientSlots && !t.OfflineOnly }},
		{"any-start", "it takes a window that has begun", func(t lock.Traits) bool { return t.NativeSchedule && t.StartLead == 0 }},
		{"read-pin", "the digits can be read back", func(t lock.Traits) bool { return !t.CannotList && !t.HidesPIN }},
		{"read-window", "the window can be read back", func(t lock.Traits) bool { return !t.CannotList && !t.HidesWindow }},
		{"own-pin", "it takes digits that somebody chose", func(t lock.Traits) bool { return !t.AssignsPIN && !t.OfflineOnly }},
		{"assigned-pin", "the provider chooses the digits", func(t lock.Traits) bool { return t.AssignsPIN && !t.OfflineOnly }},
		{"reuse", "a PIN may stand twice in disjoint windows", func(t lock.Traits) bool { return !t.RefusesReuse }},
		{"no-reuse", "it may not", func(t lock.Traits) bool { return t.RefusesReuse }},
		{"in-place", "a held code is changed with no gap", func(t lock.Traits) bool { return t.UpdatesInPlace }},
		{"gap", "it is changed by an erase and a write", func(t lock.Traits) bool { return !t.UpdatesInPlace && !t.OfflineOnly }},
		{"four-digits", "it takes four digits: what is drawn there the story foretells", func(t lock.Traits) bool { return slices.Contains(t.Lengths(), 4) }},
		{"stages", "it holds codes disabled", func(t lock.Traits) bool { return t.Stages }},
		{"slots", "its capacity is known", func(t lock.Traits) bool { return t.Slots > 0 }},
		{"pool", "it can keep spare codes", func(t lock.Traits) bool { return !t.NoBackupPool && !t.AssignsPIN && !t.OfflineOnly }},
		{"entry", "it tells who opened", func(t lock.Traits) bool { return t.ReportsEntry }},
		{"zone", "its time zone is known", func(t lock.Traits) bool { return t.Zone != "" }},
		{namedModels, "they are of the very models that it names", func(lock.Traits) bool { return true }},
		{needsBare, "nobody between the engine and the lock keeps codes by himself, as a hosted service does", func(lock.Traits) bool { return true }},
		{needsDisabled, "what somebody has disabled at the lock is listed as disabled", func(lock.Traits) bool { return true }},
		{needsFull, "a lock that has no room for a code is called full", func(lock.Traits) bool { return true }},
		{needsPush, "its cloud posts what happens at the lock", func(lock.Traits) bool { return true }},
		{"offline", "it takes algorithmic codes", func(t lock.Traits) bool { return len(t.Offline) > 0 }},
		{"hourly", "it takes algorithmic codes of hours", func(t lock.Traits) bool { return slices.Contains(t.Offline, lock.OfflineHourly) }},
		{"daily", "it takes algorithmic codes of days", func(t lock.Traits) bool { return slices.Contains(t.Offline, lock.OfflineDaily) }},
	}
}

func needs() []Need {
	var names []Need
	for _, n := range needTable() {
		names = append(names, n.name)
	}
	return names
}

// meets reports whether a lock of these traits has the trait.
func meets(n Need, t lock.Traits) bool {
	table := needTable()
	i := slices.IndexFunc(table, func(row need) bool { return row.name == n })
	return i >= 0 && table[i].met(t)
}

// traitsOf returns what a lock of the file can do.
func traitsOf(s sim.LockSpec) lock.Traits {
	profiles := sim.Profiles()
	i := slices.IndexFunc(profiles, func(p sim.Profile) bool { return p.Name == s.Model })
	if i < 0 {
		return lock.Traits{}
	}
	return profiles[i].Traits
}

// links are the words for how far a look came, in the order of lock.Reach.
var links = [...]string{"unknown", "up", "lock_down", "hub_down", "account_down"}

func linkNames() []string { return links[:] }

func issueCodes() []string { return engine.IssueCodes() }
func eventTypes() []string { return engine.EventTypes() }
func rules() []string      { return world.Rules() }

// systems lists the systems that have a profile.
func systems() []string {
	var names []string
	for _, p := range sim.Profiles() {
		if p.System != "" && !slices.Contains(names, p.System) {
			names = append(names, p.System)
		}
	}
	return names
}

// faultKinds lists the kinds of fault, each name once.
func faultKinds() []string {
	var names []string
	for _, k := range sim.Kinds() {
		if !slices.Contains(names, k.Name) {
			names = append(names, k.Name)
		}
	}
	return names
}
