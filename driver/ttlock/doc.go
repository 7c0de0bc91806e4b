// Package ttlock drives TTLock and Sciener locks through the cloud API of the TTLock Open Platform: without it their codes would
// have to be kept by hand in the vendor's app.
//
// What the vendor documents, and what this driver makes of it:
//
//   - Every answer has the status of a success; an errcode other than 0 is an error. Reads have none when they succeed, writes
//     without another result must have one, or they are ambiguous.
//   - A code of the owner's choice is written with addType 2: the request waits until the gateway or the Wi-Fi lock has the lock's yes.
//     The default, addType 1, only writes into the cloud's books and is never sent.
//   - A lock that saves power refuses that (-3035). Then addType 4 puts the code into a queue that the lock empties when it wakes, and the
//     list's status tells what became of it: pending to us until then. A code whose addition failed is not held.
//   - One gateway does one thing at a time; the next is refused (-3003), which is Throttled for a few seconds.
//   - Times are instants in milliseconds, schedules go by minutes, and both ends round down. A code without an end is of type 2, one with a
//     window of type 3. A start without an end is not offered; an end without a start begins in the year 2000.
//   - There is no sign of life of a lock. Reach is what the cloud believes: the gateways that hear the lock, and whether one of them is online
//     (both minutes late), or the state of the lock's own Wi-Fi. Nothing is asked of the lock itself, for that takes the gateway's time.
//   - Names begin with our tag, by which a code is known again when its digits are refused as taken (-3007).
//   - Digits that the vendor computes (type 1 and 3 of keyboardPwd/get) are offered as one-time and hourly codes. They need no way to the
//     lock, and must be used within 24 hours of their start, a one-time code within six.
//   - The callback of an application is set in the vendor's console, and posts are not signed: the path is the proof.
//   - An access token lives 90 days and is renewed by its refresh token, or by the password.
//
// Not documented, or not clearly:
//
//   - errcode 1 may mean that the lock did not answer: ambiguous after a write.
//   - How long names may be: 50 bytes are used. Deleting what is not there: success and -2009 count alike.
//   - Queued changes and removals for locks that save power: a deleteType that the cloud does not know might remove the code from the books
//     alone, and it would open on. So they wait until the lock takes them, unless the account says power_saving = "all".
//   - What a code's end can be changed to so that it has none: one in 2099 is sent, and ends from 2090 on are read as none.
//   - timezoneRawOffset, with or without summer time: both offsets of the account's zone count as that zone.
//   - By which date records are filtered: a look asks for a day more than it needs, and goes by the date of their upload.
//   - Digits that the lock has and the list does not, as after a lost answer: they count as taken, and nobody's code is removed.
package ttlock
