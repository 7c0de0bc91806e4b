package sim

import "slices"

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
