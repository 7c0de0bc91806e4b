package smartthings

import (
	"slices"
	"strconv"
	"time"

	"github.com/accesscodes/lockctl/lock"
	"github.com/accesscodes/lockctl/sim"
)

// What a command of the new generation comes to.
const (
	success   = "success"
	failed    = "failure"
	duplicate = "duplicate"
	occupied  = "occupied"
	invalid   = "invalidCommand"
	exhausted = "resourceExhausted"
	isBusy    = "busy"
)

// busyAtMost is how long one command keeps others out.
const busyAtMost = 10 * time.Second

// own gives the credential in a slot a user.
func (c *Cloud) own(d *door, slot int, name string) {
	if d.gen == legacy || d.owner[slot] != 0 {
		return
	}
	d.owner[slot] = d.newUser(name, "guest")
}

// newUser adds a user and returns its index; 0: there is no room.
func (d *door) newUser(name, kind string) int {
	for i := 1; i <= d.of.Traits.Slots; i++ {
		if d.users[i] == nil {
			if name == "" {
				name = "Guest " + strconv.Itoa(i)
			}
			d.users[i] = &user{name, kind}
			return i
		}
	}
	return 0
}

// modernStatus adds what the new generation tells.
func (c *Cloud) modernStatus(d *door, entries []lock.Held, least, most int, asOf time.Time, s status) {
	at := stamp(d.born)
	users, credentials := []any{}, []any{}
	for i := 1; i <= d.of.Traits.Slots; i++ {
		if u := d.users[i]; u != nil {
			users = append(users, map[string]any{"userIndex": i, "userName": u.name, "userType": u.kind})
		}
	}
	for _, h := range entries {
		credentials = append(credentials, map[string]any{
			"userIndex": d.owner[h.Slot], "credentialIndex": h.Slot, "credentialType": "pin", "credentialName": d.nameOf(h),
		})
	}
	s["lockUsers"] = map[string]value{
		"users": {Value: users, Timestamp: at}, "totalUsersSupported": {Value: d.of.Traits.Slots, Timestamp: at}, "commandResult": d.was("lockUsers", "commandResult", asOf),
	}
	s["lockCredentials"] = map[string]value{
		"credentials": {Value: credentials, Timestamp: at}, "supportedCredentials": {Value: []string{"pin"}, Timestamp: at},
		"minPinCodeLen": {Value: least, Timestamp: at}, "maxPinCodeLen": {Value: most, Timestamp: at},
		"pinUsersSupported": {Value: d.of.Traits.Slots, Timestamp: at}, "commandResult": d.was("lockCredentials", "commandResult", asOf),
	}
	if d.gen == matter {
		s["lockSchedules"] = c.scheduleStatus(d, asOf)
	}
}

// result tells what came of a command, and lets the next one in unless the command itself was kept out.
func (c *Cloud) result(d *door, x *command, code string, details map[string]any) {
	if code != isBusy {
		d.busy = false
	}
	v := map[string]any{"commandName": x.Command, "statusCode": code}
	for name, detail := range details {
		v[name] = detail
	}
	c.tell(d, c.fleet.Now(), x.Capability, "commandResult", v, nil)
	c.learn(d)
	c.fleet.Hint(d.of.ID)
}

// obeyModern is lockUsers and lockCredentials.
func (c *Cloud) obeyModern(d *door, x *command) {
	if d.gen == legacy {
		return
	}
	if d.busy {
		c.result(d, x, isBusy, nil)
		return
	}
	d.busy = true
	c.later(d, func() {
		switch x.Command {
		case "addUser":
			index := d.newUser(x.texts[0], x.texts[1])
			if index == 0 {
				c.result(d, x, exhausted, nil)
				return
			}
			c.result(d, x, success, of(index, 0))
		case "updateUser":
			u := d.users[x.numbers[0]]
			if u == nil {
				c.result(d, x, failed, nil)
				return
			}
			u.name, u.kind = x.texts[1], x.texts[2]
			c.result(d, x, success, of(x.numbers[0], 0))
		case "deleteUser":
			c.deleteUsers(d, x, func(i int) bool { return i == x.numbers[0] })
		case "deleteAllUsers":
			c.deleteUsers(d, x, func(int) bool { return true })
		case "addCredential":
			c.addCredential(d, x)
		case "updateCredential":
			if m, ok := c.listed(d, x.numbers[1]); !ok || d.owner[m.Slot] != x.numbers[0] {
				c.result(d, x, failed, nil)
			} else {
				c.write(d, x, m.Slot, x.numbers[0], x.texts[3], m.Name)
			}
		case "deleteCredential":
			c.erase(d, x, []int{x.numbers[0]}, func() { c.result(d, x, success, of(0, x.numbers[0])) })
		case "deleteAllCredentials":
			c.erase(d, x, c.slots(d, func(int) bool { return true }), func() { c.result(d, x, success, nil) })
		}
	})
}

func of(user, credential int) map[string]any {
	details := map[string]any{}
	if user > 0 {
		details["userIndex"] = user
	}
	if credential > 0 {
		details["credentialIndex"] = credential
	}
	return details
}

// addCredential takes the lowest free index. A user that is not named is made.
func (c *Cloud) addCredential(d *door, x *command) {
	owner, name := x.numbers[0], x.texts[4]
	if x.texts[2] != "pin" {
		c.result(d, x, invalid, nil)
		return
	}
	if owner != 0 && d.users[owner] == nil {
		c.result(d, x, failed, nil)
		return
	}
	for slot := 1; slot <= d.of.Traits.Slots; slot++ {
		if _, taken := c.listed(d, slot); !taken {
			c.write(d, x, slot, owner, x.texts[3], name)
			return
		}
	}
	c.result(d, x, exhausted, nil)
}

// write puts digits into a slot, for a user or, if owner is 0, for a new one.
func (c *Cloud) write(d *door, x *command, slot, owner int, digits, name string) {
	pin, err := lock.ParsePIN(digits)
	if err != nil {
		c.result(d, x, invalid, nil)
		return
	}
	if name == "" {
		name = "Guest " + strconv.Itoa(slot)
		if u := d.users[owner]; u != nil {
			name = u.name
		}
	}
	want := lock.Credential{Name: name, PIN: pin, Enabled: true, Slot: slot}
	c.fleet.Call(sim.Call{Verb: "set", Device: d.of.ID, Passed: true, Want: want, Deadline: c.fleet.Now().Add(busyAtMost)}, func(r sim.Result) {
		switch {
		case r.Err == nil:
			if owner == 0 {
				owner = d.newUser(name, x.texts[1])
			}
			d.owner[slot] = owner
			c.restrict(d, x, owner)
			c.result(d, x, success, of(owner, slot))
		case r.Err.Vendor == "hub_offline":
			d.busy = false // who should tell of it is away
		case r.Err.Vendor == "duplicate_pin":
			c.result(d, x, duplicate, nil)
		case r.Err.Vendor == "slot_occupied":
			c.result(d, x, occupied, nil)
		case r.Err.Vendor == "no_free_slot":
			c.result(d, x, exhausted, nil)
		case !unheard(r):
			c.result(d, x, invalid, nil)
		default:
			c.result(d, x, failed, nil)
		}
	})
}

// slots are those whose users are meant.
func (c *Cloud) slots(d *door, meant func(user int) bool) []int {
	var all []int
	for _, m := range c.fleet.Listed(d.of.ID) {
		if meant(d.owner[m.Slot]) {
			all = append(all, m.Slot)
		}
	}
	return all
}

// deleteUsers takes users away with their credentials.
func (c *Cloud) deleteUsers(d *door, x *command, meant func(int) bool) {
	c.erase(d, x, c.slots(d, meant), func() {
		index := 0
		for i := 1; i <= d.of.Traits.Slots; i++ {
			if d.users[i] != nil && meant(i) {
				delete(d.users, i)
				d.schedules = slices.DeleteFunc(d.schedules, func(s schedule) bool { return s.user == i })
				index = i
			}
		}
		if x.Command == "deleteUser" && index == 0 {
			c.result(d, x, failed, nil)
			return
		}
		c.result(d, x, success, of(index, 0))
	})
}

// erase clears slots, one after the other, and then goes on.
func (c *Cloud) erase(d *door, x *command, slots []int, then func()) {
	if len(slots) == 0 {
		then()
		return
	}
	at := lock.Ref(strconv.Itoa(slots[0]))
	c.fleet.Call(sim.Call{Verb: "clear", Device: d.of.ID, Passed: true, At: at, Deadline: c.fleet.Now().Add(busyAtMost)}, func(r sim.Result) {
		switch {
		case r.Err == nil:
			c.erase(d, x, slots[1:], then)
		case r.Err.Vendor == "hub_offline":
			d.busy = false
		default:
			c.result(d, x, failed, nil)
		}
	})
}
