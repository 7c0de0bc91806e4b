package sim

import (
	"time"

	"github.com/accesscodes/lockctl/lock"
)

// systemProfiles are the thirteen systems with the limits that their vendors document; where a vendor is silent, the row
// takes what its integrators report.
func systemProfiles() []Profile {
	august := lock.Traits{
		NativeSchedule: true, OpenEnded: true, Slots: 100, PINLengths: lengths(4, 6), NameMax: 32,
		Granularity: time.Minute, ReportsEntry: true, CloudList: true, Zone: zone,
	}
	yale := august
	yale.PINLengths = lengths(4, 8)
	return []Profile{
		{
			Name: "2n", System: "2n",
			Meaning: "intercom on the LAN: PINs of directory users, valid-from and valid-to in seconds, read from the device",
			Tells:   true, Push: true, Instants: true, Capacity: 1000, Radio: 20 * time.Millisecond, Tries: 5, Lockout: 30 * time.Second,
			Traits: lock.Traits{
				NativeSchedule: true, OpenEnded: true, Stages: true, UpdatesInPlace: true, PINLengths: lengths(4, 8), NameMax: 63,
				ReportsEntry: true, RefusesReuse: true, Zone: zone,
			},
		},
		{
			Name: "august", System: "august", Async: true, Push: true, Tries: 4,
			Meaning: "keypad behind a Connect bridge: the cloud accepts first and loads later; its list is the cloud's",
			Traits:  august,
		},
		{
			Name: "igloohome", System: "igloohome", Push: false, PerStart: 5,
			Meaning: "4 to 10 digits by bridge, starts in the future, nothing can be listed; hourly, daily and one-time algorithmic codes",
			Traits: lock.Traits{
				NativeSchedule: true, OpenEnded: true, Slots: 100, PINLengths: lengths(4, 10), NameMax: 32, Granularity: time.Minute,
				CannotList: true, StartLead: time.Minute, Constraints: rules(lock.StartInFuture), FirstUseWithin: 24 * time.Hour,
				Offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineDaily, lock.OfflineOneTime}, Zone: zone,
			},
		},
		{
			Name: "kwikset", System: "kwikset", Tries: 3, Lockout: 75 * time.Second, Capacity: 250,
			Meaning: "4 to 8 digits, the first four all different, names from 2 letters, cut at 14, both ends needed, start 15 min ahead; no list at all",
			Traits: lock.Traits{
				NativeSchedule: true, PINLengths: lengths(4, 8), NameMax: 14, Granularity: time.Minute, CannotList: true,
				StartLead: 15 * time.Minute, ReportsEntry: true, Zone: zone,
				Constraints: []lock.Constraint{{Kind: lock.NameLength, Min: 2}, {Kind: lock.UniqueFirstFour}, {Kind: lock.StartInFuture}},
			},
		},
		{
			Name: "salto", System: "salto", Async: true, Push: true, Tries: 5, Lockout: 3 * time.Minute,
			Meaning: "Salto chooses the digits of a site user's PIN; no spare codes; office and privacy modes refuse codes",
			Traits: lock.Traits{
				NativeSchedule: true, OpenEnded: true, UpdatesInPlace: true, Slots: 100, PINLengths: []int{6}, NameMax: 64,
				Granularity: time.Minute, AssignsPIN: true, NoBackupPool: true, CloudList: true, ReportsEntry: true,
				Constraints: rules(lock.CannotSpecifyPIN), Zone: zone,
			},
		},
		{
			Name: "schlage", System: "schlage", Push: true, Tries: 4, Lockout: 30 * time.Second,
			Meaning: "4 to 8 digits, unique PINs and names of 1 to 12; the cloud waits for the lock; its clock ignores a DST change",
			Traits: lock.Traits{
				NativeSchedule: true, OpenEnded: true, Stages: true, UpdatesInPlace: true, Slots: 100, PINLengths: lengths(4, 8), NameMax: 12,
				Granularity: time.Minute, RefusesReuse: true, DSTNaive: true, CloudList: true, ReportsEntry: true,
				Constraints: []lock.Constraint{{Kind: lock.NameLength, Min: 1, Max: 12}, {Kind: lock.NameMustBeUnique}}, Zone: zone,
			},
		},
		{
			Name: "ttlock", System: "ttlock", Push: true, Capacity: 250, PerWindow: 1, PerStart: 200,
			Meaning: "4 to 9 digits through a gateway, acknowledged by the lock; a PIN may stand once (-3007); the list is the cloud's; hourly and one-time codes by algorithm",
			Traits: lock.Traits{
				NativeSchedule: true, OpenEnded: true, UpdatesInPlace: true, PINLengths: lengths(4, 9), NameMax: 50,
				Granularity: time.Minute, RefusesReuse: true, CloudList: true, ReportsEntry: true,
				Constraints: rules(lock.NoSequence, lock.NotAllSame), Zone: zone,
				Offline: []lock.OfflineKind{lock.OfflineHourly, lock.OfflineOneTime}, FirstUseWithin: 24 * time.Hour,
			},
		},
		{
			Name: "yale", System: "yale", Async: true, Push: true, Tries: 5,
			Meaning: "as august, with 4 to 8 digits",
			Traits:  yale,
		},
		{
			Name: "hubitat", System: "hubitat", Tells: true, Push: true,
			Meaning: "Z-Wave or Zigbee slots that the writer chooses, names unique; the hub reads them back from the lock",
			Traits: lock.Traits{
				UpdatesInPlace: true, ClientSlots: true, Slots: 30, PINLengths: lengths(4, 8), NameMax: 20, ReportsEntry: true,
				Constraints: rules(lock.NameMustBeUnique), Zone: zone,
			},
		},
		{
			Name: "lockly", System: "lockly", Async: true, Push: true,
			Meaning: "6 to 8 digits; by the table it knows no schedules; timed and one-time codes by algorithm",
			Traits: lock.Traits{
				Slots: 50, PINLengths: lengths(6, 8), NameMax: 32, CloudList: true,
				Offline: []lock.OfflineKind{lock.OfflineTimed, lock.OfflineOneTime}, Zone: zone,
			},
		},
		{
			Name: "nuki", System: "nuki", Async: true, Push: true,
			Meaning: "six digits without zeros, not starting with 12, names up to 20; the cloud answers before the lock knows; by the seed's table not native",
			Traits: lock.Traits{
				Stages: true, UpdatesInPlace: true, Slots: 200, PINLengths: []int{6}, NameMax: 20, RefusesReuse: true, CloudList: true,
				ReportsEntry: true, Constraints: append(rules(lock.NoZeros, lock.CannotStartWith12), lock.Constraint{Kind: lock.NameLength, Max: 20}), Zone: zone,
			},
		},
		{
			Name: "smartthings", System: "smartthings", Tells: true, Push: true,
			Meaning: "slots that the writer chooses, unique names and PINs; digits can never be read; knows no schedules",
			Traits: lock.Traits{
				UpdatesInPlace: true, ClientSlots: true, Slots: 30, PINLengths: lengths(4, 8), NameMax: 20, HidesPIN: true,
				RefusesReuse: true, Constraints: rules(lock.NameMustBeUnique), Zone: zone,
			},
		},
		{
			Name: "oracode", System: "oracode", PerWindow: 100,
			Meaning: "dormakaba: the vendor computes the digits for a predefined check-in and check-out, up to 31 days; no link to the lock at all",
			Traits: lock.Traits{
				OfflineOnly: true, Offline: []lock.OfflineKind{lock.OfflineSlots}, PINLengths: []int{6}, Granularity: time.Minute,
				AssignsPIN: true, NoBackupPool: true, CloudList: true, Constraints: rules(lock.CannotSpecifyPIN), Zone: zone,
				TimeSlots: []lock.TimeSlot{
					{Start: 15 * 60, End: 11 * 60}, {Start: 16 * 60, End: 10 * 60}, {Start: 15 * 60, End: 12 * 60}, {Start: 12 * 60, End: 12 * 60},
				},
			},
		},
	}
}
