package smartthings

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/accesscodes/lockctl/sim"
)

// argument is one of a command's, by its place.
type argument struct {
	name     string
	typ      string // integer, string, object, as JSON has them
	optional bool
}

// definitions are the commands of the capabilities that have to do with codes, in the order of their arguments. A command that is not among
// them is refused.
func definitions() map[string]map[string][]argument {
	slot := argument{"codeSlot", "integer", false}
	user := argument{"userIndex", "integer", false}
	userType := argument{"userType", "string", false}
	index := argument{"credentialIndex", "integer", false}
	credential := argument{"credentialType", "string", false}
	data := argument{"credentialData", "string", false}
	schedule := argument{"scheduleIndex", "integer", false}
	when := argument{"schedule", "object", false}
	return map[string]map[string][]argument{
		"lock": {"lock": nil, "unlock": nil},
		"lockCodes": {
			"setCode":    {slot, {"codePIN", "string", false}, {"codeName", "string", true}},
			"deleteCode": {slot}, "requestCode": {slot}, "nameSlot": {slot, {"codeName", "string", false}},
			"updateCodes": {{"codes", "object", false}}, "setCodeLength": {{"length", "integer", false}},
			"reloadAllCodes": nil, "unlockWithTimeout": nil, "lock": nil, "unlock": nil, "migrate": nil,
		},
		"lockUsers": {
			"addUser": {{"userName", "string", false}, userType}, "updateUser": {user, {"userName", "string", false}, userType},
			"deleteUser": {user}, "deleteAllUsers": nil,
		},
		"lockCredentials": {
			"addCredential":    {user, userType, credential, data, {"credentialName", "string", true}},
			"updateCredential": {user, index, credential, data}, "deleteCredential": {index, credential}, "deleteAllCredentials": {credential},
		},
		"lockSchedules": {
			"setYearDaySchedule": {schedule, user, when}, "setWeekDaySchedule": {schedule, user, when},
			"clearYearDaySchedules": {schedule, user}, "clearWeekDaySchedules": {schedule, user},
		},
		"refresh": {"refresh": nil},
	}
}

func (c *Cloud) showDefinition(r *request) {
	commands, ok := definitions()[r.found["capability"]]
	if !ok || r.found["version"] != "1" {
		r.reply(notFound("capabilityId"))
		return
	}
	c.any(r, func() {
		told := map[string]any{}
		for name, args := range commands {
			list := []any{}
			for _, a := range args {
				list = append(list, map[string]any{"name": a.name, "optional": a.optional, "schema": map[string]any{"type": a.typ}})
			}
			told[name] = map[string]any{"name": name, "arguments": list}
		}
		r.json(http.StatusOK, map[string]any{"id": r.found["capability"], "version": 1, "status": "live", "name": r.found["capability"], "attributes": map[string]any{}, "commands": told})
	})
}

// command is one of a request's, with arguments of the right types.
type command struct {
	Component  string            `json:"component"`
	Capability string            `json:"capability"`
	Command    string            `json:"command"`
	Arguments  []json.RawMessage `json:"arguments"`

	numbers []int
	texts   []string
	objects []map[string]json.RawMessage
}

const commandsAtMost = 10

// check reads the arguments; target is what is wrong, or "".
func (x *command) check(d *door, at string) (target string) {
	args, ok := definitions()[x.Capability][x.Command]
	switch {
	case !slices.Contains(d.capabilities(), x.Capability):
		return at + ".capability"
	case !ok:
		return at + ".command"
	case x.Component != "" && x.Component != "main":
		return at + ".component"
	case len(x.Arguments) > len(args):
		return at + ".arguments"
	}
	x.numbers, x.texts, x.objects = make([]int, len(args)), make([]string, len(args)), make([]map[string]json.RawMessage, len(args))
	for i, a := range args {
		if i >= len(x.Arguments) {
			if !a.optional {
				return fmt.Sprintf("%s.arguments[%d]", at, i)
			}
			continue
		}
		var into any
		switch a.typ {
		case "integer":
			into = &x.numbers[i]
		case "string":
			into = &x.texts[i]
		default:
			into = &x.objects[i]
		}
		if string(x.Arguments[i]) == "null" || json.Unmarshal(x.Arguments[i], into) != nil {
			return fmt.Sprintf("%s.arguments[%d]", at, i)
		}
	}
	return ""
}

// erases reports whether a command takes something away from a lock.
func (x *command) erases() bool {
	switch x.Command {
	case "deleteCode", "deleteUser", "deleteAllUsers", "deleteCredential", "deleteAllCredentials":
		return true
	}
	return false
}

// execute takes commands. That they are accepted says nothing of what the lock will make of them.
func (c *Cloud) execute(r *request) {
	var body struct {
		Commands []command `json:"commands"`
	}
	if json.Unmarshal(r.Body, &body) != nil || len(body.Commands) == 0 || len(body.Commands) > commandsAtMost {
		r.reply(malformed("commands"))
		return
	}
	d := r.door
	for i := range body.Commands {
		if target := body.Commands[i].check(d, "commands["+strconv.Itoa(i)+"]"); target != "" {
			r.reply(malformed(target))
			return
		}
	}
	verb := "set"
	if body.Commands[0].erases() {
		verb = "clear"
	}
	if c.RefusesOffline && c.health(d) == "OFFLINE" {
		r.reply(failure(http.StatusConflict, "ConflictError", "The device is offline.", ""))
		return
	}
	take := func() {
		c.notice(d)
		for i := range body.Commands {
			c.obey(d, &body.Commands[i])
		}
	}
	c.call(r, sim.Call{Verb: verb, Device: d.of.ID, Taken: take}, func(sim.Result) {
		results := []any{}
		for range body.Commands {
			c.made++
			results = append(results, map[string]string{"id": uuid(d.id, "command", strconv.Itoa(c.made)), "status": "ACCEPTED"})
		}
		r.json(http.StatusOK, map[string]any{"results": results})
	})
}

// obey does what the hub makes of a command.
func (c *Cloud) obey(d *door, x *command) {
	if c.health(d) == "OFFLINE" {
		return // it is lost
	}
	switch x.Capability {
	case "lock":
		c.move(d, x.Command)
	case "lockCodes":
		if x.Command == "lock" || x.Command == "unlock" {
			c.move(d, x.Command)
		} else if d.gen == legacy {
			c.obeyLegacy(d, x)
		}
	case "lockUsers", "lockCredentials":
		c.obeyModern(d, x)
	case "lockSchedules":
		c.obeySchedule(d, x)
	}
}

// move turns the bolt.
func (c *Cloud) move(d *door, command string) {
	is := map[string]string{"lock": "locked", "unlock": "unlocked"}[command]
	c.later(d, func() {
		if c.health(d) == "ONLINE" {
			c.tell(d, c.fleet.Now(), "lock", "lock", is, map[string]any{"method": "command"})
			c.fleet.Hint(d.of.ID)
		}
	})
}
