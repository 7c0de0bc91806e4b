// Package saltoks drives Salto KS locks with a keypad through the Connect API: without it their users and schedules would have to be
// kept by hand in the vendor's app.
//
// Salto knows users, not codes: a user has one PIN, which the vendor chooses, and opens the locks of the access groups that the user
// is in, by the groups' schedules. What the vendor documents and integrators have measured at a door, and what this driver makes of it:
//
//   - A code is a guest, alone in an access group with one lock and one schedule. The guest's alias begins with our tag, the group is called
//     by the tag and the lock's id: so each step is found again after a lost answer, and the next call goes on with what is there.
//   - The PIN comes last, for it is what opens the door. It is told once and can't be read again; asking again gives other digits. So it is
//     asked for when the engine has no digits, and left alone when it has.
//   - For up to a minute after a guest was made it has no role, and answers 2203 and 2202: Throttled, to be tried again.
//   - Each guest takes a paid seat. Where none is free, nothing says so: the guest is made, suspended, and even gets a PIN. So the state is
//     looked at, a seat is asked for, and without one the guest is taken away again and the site is full. A guest that was suspended
//     later is told as disabled.
//   - A group without a schedule never reaches the lock. A new schedule takes some minutes to, a new member less than one: what a lock
//     really knows is not told, so that the list is the cloud's and no more.
//   - Schedules are times of the site's zone, to the minute. A window of which an end falls into the hour that comes twice is refused, and
//     the engine keeps it.
//   - A user has two ids: the site's for all but membership in groups, the platform's for that and for the log.
//   - Codes of others are the users with a PIN in any group with the lock. They are people of the site: this driver removes none of them.
//   - The vendor tells of locks, users, groups and the log for the whole site alone. What was read serves the calls for all locks for half a
//     minute (what tells which are there: some seconds), but users and groups no lock that was written to since, so that a round of looks
//     does not cost as much as its locks times its locks.
//   - Lists come bare or wrapped; a list that has further pages is an error, because what it lacks would count as gone.
//
// Not documented, or not clearly: how the office mode is told (here: office_mode of a lock, if it is there); words of the battery's level
// other than fresh, good, low and critical (unknown); what a guest without an end is (here: one that ends in 2099); limits of
// requests (429 is obeyed); whether an identity server that answers 404 is away (it has been, for hours: offline). Opening from afar needs
// a one-time password of an activated hub, and is not offered. PINs of the operator's choice are a paid feature without a documented
// body, and are not offered either.
package saltoks
