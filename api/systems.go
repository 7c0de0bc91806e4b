package api

import (
	"fmt"
	"slices"

	"github.com/accesscodes/lockctl/engine"
	"github.com/accesscodes/lockctl/lock"
)

// hosted are the names that the hosted API has for a system: of its provider, of its devices, of who makes them, and for people.
type hosted struct{ provider, kind, maker, name string }

// hostedNames are those of a system. One that the API has no name for keeps its own.
func hostedNames(system string) hosted {
	switch system {
	case "2n":
		return hosted{"my_2n", "two_n_intercom", "two_n", "2N"}
	case "august":
		return hosted{"august", "august_lock", "august", "August"}
	case "hubitat":
		return hosted{"hubitat", "hubitat_lock", "hubitat", "Hubitat"}
	case "igloohome":
		return hosted{"igloohome", "igloohome_lock", "igloohome", "igloohome"}
	case "kwikset":
		return hosted{"kwikset", "kwikset_lock", "kwikset", "Kwikset"}
	case "lockly":
		return hosted{"lockly", "lockly_lock", "lockly", "Lockly"}
	case "nuki":
		return hosted{"nuki", "nuki_lock", "nuki", "Nuki"}
	case "oracode":
		return hosted{"dormakaba_oracode", "dormakaba_oracode_door", "dormakaba_oracode", "dormakaba Oracode"}
	case "salto":
		return hosted{"salto_ks", "salto_lock", "salto", "Salto KS"}
	case "schlage":
		return hosted{"schlage", "schlage_lock", "schlage", "Schlage"}
	case "smartthings":
		return hosted{"smartthings", "smartthings_lock", "smartthings", "SmartThings"}
	case "ttlock":
		return hosted{"ttlock", "ttlock_lock", "ttlock", "TTLock"}
	case "yale":
		return hosted{"yale", "yale_lock", "yale", "Yale"}
	case "":
		return hosted{"unknown", "smart_lock", "unknown", "Lock"}
	}
	return hosted{system, system + "_lock", system, system}
}

// systems are those that there is a driver for.
func systems() []string {
	return []string{"2n", "august", "hubitat", "igloohome", "kwikset", "lockly", "nuki", "oracode", "salto", "schlage", "smartthings", "ttlock", "yale"}
}

// ProviderOf is the hosted API's name for the provider of a system.
func ProviderOf(system string) string { return hostedNames(system).provider }

// Providers are the hosted API's names for those that there is a driver for; category "": all.
func Providers(category string) []string {
	all := []string{}
	for _, v := range providers(category) {
		all = append(all, v.Provider)
	}
	return all
}

// deviceProvider is a vendor whose devices can be reached.
type deviceProvider struct {
	Provider   string   `json:"device_provider_name"`
	Name       string   `json:"display_name"`
	Image      string   `json:"image_url"` // none is kept here
	Categories []string `json:"provider_categories"`
	Online     bool     `json:"can_program_online_access_codes"`
	Offline    bool     `json:"can_program_offline_access_codes"`
	WithCode   bool     `json:"can_unlock_with_code"`
}

type listProviders struct {
	Category *string `json:"provider_category" doc:"only of this category: stable, or consumer_smartlocks"`
}

func providersList(_ *call, p listProviders) (reply, error) {
	category := ""
	set(&category, p.Category)
	return reply{"device_providers": providers(category)}, nil
}

func providers(category string) []deviceProvider {
	all := []deviceProvider{}
	for _, system := range systems() {
		h := hostedNames(system)
		v := deviceProvider{Provider: h.provider, Name: h.name, Categories: []string{"stable", "consumer_smartlocks"}, Online: system != "oracode", WithCode: true}
		v.Offline = system == "igloohome" || system == "lockly" || system == "oracode"
		if system == "2n" || system == "salto" || system == "oracode" {
			v.Categories = v.Categories[:1] // of offices and hotels
		}
		if category == "" || slices.Contains(v.Categories, category) {
			all = append(all, v)
		}
	}
	return all
}

// What devices of these systems have besides.
type (
	locklyLock struct {
		ID    lock.DeviceID `json:"device_id"`
		Name  string        `json:"device_name"`
		Model string        `json:"model"`
	}
	oracodeDoor struct {
		ID    lock.DeviceID `json:"device_id"`
		Name  string        `json:"door_name"`
		Zone  string        `json:"iana_timezone"`
		Slots []oracodeSlot `json:"predefined_time_slots"` // the times that stays have to have
	}
	oracodeSlot struct {
		Name   string `json:"name"`
		In     string `json:"check_in_time"`
		Out    string `json:"check_out_time"`
		Whole  bool   `json:"is_24_hour"`
		Once   bool   `json:"is_one_shot"`
		Twice  bool   `json:"is_biweekly_mode"`
		Master bool   `json:"is_master"`
	}
)

func doorOf(v *engine.DeviceView) *oracodeDoor {
	d := &oracodeDoor{ID: v.ID, Name: v.Name, Zone: v.Traits.Zone, Slots: []oracodeSlot{}}
	clock := func(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }
	at := func(minute int) string { return clock(minute) + ":00[" + v.Traits.Zone + "]" }
	for _, s := range v.Traits.TimeSlots {
		d.Slots = append(d.Slots, oracodeSlot{Name: clock(s.Start) + " to " + clock(s.End), In: at(s.Start), Out: at(s.End), Whole: s.Start == s.End})
	}
	return d
}
