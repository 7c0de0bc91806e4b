package world

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// demoStart is when the demonstration's locks are mounted: a day before anybody looks, so that the fleet is at work by then.
var demoStart = time.Date(2026, 6, 11, 6, 0, 0, 0, time.UTC)

// atRisk is the lock of the check-in that is at risk when the demonstration opens, and its hub.
const (
	atRisk    = lock.DeviceID("harbour-12-front")
	atRiskHub = lock.HubID("harbour-bridge")
)

// beforeCheckIn is how long before that check-in the demonstration opens.
const beforeCheckIn = 5 * time.Minute

// Demo describes the demonstration: 24 locks of all thirteen systems in ten houses, guests booked without end from the seed,
// and a clock that stands five minutes before a check-in whose lock can't be reached.
func Demo(seed uint64) Options {
	day := time.Date(2026, 6, 12, 0, 0, 0, 0, time.UTC)
	checkIn := atClock(day, zoneOf(demoLocks(), atRisk), checkInHour)
	return Options{
		Name: "demonstration", Seed: seed, Start: demoStart, Opens: checkIn.Add(-beforeCheckIn), Stays: true,
		Spec: sim.Spec{Locks: demoLocks()},
		Faults: []sim.Fault{
			{On: string(atRiskHub), Kind: "offline", From: checkIn.Add(-3 * time.Hour), For: 200 * time.Minute},
		},
	}
}

// demoLocks are the doors of the demonstration.
func demoLocks() []sim.LockSpec {
	var all []sim.LockSpec
	house := func(zone string, hub lock.HubID, doors ...[3]string) {
		for _, d := range doors {
			h := hub
			if d[1] == "2n" {
				h = "" // an intercom has a line of its own
			}
			all = append(all, sim.LockSpec{
				ID: lock.DeviceID(d[0]), Model: d[1], Name: d[2], Account: lock.AccountID(d[1] + "-account"), Hub: h, Zone: zone,
			})
		}
	}
	house("Europe/Lisbon", atRiskHub,
		[3]string{string(atRisk), "smartthings", "Harbour 12 · front"},
		[3]string{"harbour-12-studio", "smartthings", "Harbour 12 · studio"},
		[3]string{"harbour-12-gate", "2n", "Harbour 12 · gate"})
	house("Europe/Berlin", "mill-gateway",
		[3]string{"mill-house-front", "ttlock", "Mill House · front"},
		[3]string{"mill-house-1", "ttlock", "Mill House · flat 1"},
		[3]string{"mill-house-2", "ttlock", "Mill House · flat 2"})
	house("America/New_York", "",
		[3]string{"seaview-1", "schlage", "Seaview · 1"},
		[3]string{"seaview-2", "schlage", "Seaview · 2"},
		[3]string{"seaview-3", "kwikset", "Seaview · 3"},
		[3]string{"seaview-4", "kwikset", "Seaview · 4"})
	house("Europe/Prague", "old-town-bridge",
		[3]string{"old-town-5-1", "nuki", "Old Town 5 · first floor"},
		[3]string{"old-town-5-2", "nuki", "Old Town 5 · second floor"})
	house("Europe/Zurich", "",
		[3]string{"lake-cabin-1", "igloohome", "Lake Cabins · 1"},
		[3]string{"lake-cabin-2", "igloohome", "Lake Cabins · 2"})
	house("Europe/Stockholm", "station-bridge",
		[3]string{"station-loft", "yale", "Station · loft"},
		[3]string{"station-studio", "yale", "Station · studio"})
	house("America/Chicago", "canal-bridge",
		[3]string{"canal-7-upper", "august", "Canal 7 · upper"},
		[3]string{"canal-7-lower", "august", "Canal 7 · lower"})
	house("Europe/Madrid", "office-hub",
		[3]string{"office-3-east", "salto", "Office 3 · east"},
		[3]string{"office-3-west", "salto", "Office 3 · west"})
	house("America/Denver", "garden-hub",
		[3]string{"garden-annex", "hubitat", "Garden · annex"},
		[3]string{"garden-shed", "hubitat", "Garden · shed"})
	house("Europe/Rome", "vine-bridge", [3]string{"vine-villa", "lockly", "Vine Villa"})
	house("America/Vancouver", "", [3]string{"pine-lodge", "oracode", "Pine Lodge"})
	return all
}

// zoneOf is the zone of a lock.
func zoneOf(locks []sim.LockSpec, id lock.DeviceID) *time.Location {
	for _, l := range locks {
		if l.ID == id {
			if zone, err := lock.LoadZone(l.Zone); err == nil {
				return zone
			}
		}
	}
	return time.UTC
}

// atClock is the instant at which clocks of a zone show that hour on a day.
func atClock(day time.Time, zone *time.Location, hour int) time.Time {
	t, _ := lock.Resolve(zone, day.Year(), day.Month(), day.Day(), hour, 0, 0)
	return t
}
