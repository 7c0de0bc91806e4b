package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/api"
)

// webhook is an address to which events are posted, as the daemon shows it.
type webhook struct {
	ID       string   `json:"webhook_id"`
	URL      string   `json:"url"`
	Types    []string `json:"event_types"`
	Secret   string   `json:"secret,omitempty"`
	Disabled bool     `json:"is_disabled"`
}

func (a *app) webhooks() ([]webhook, error) {
	var got struct {
		Hooks []webhook `json:"webhooks"`
	}
	err := a.ask("/webhooks/list", map[string]any{}, &got)
	return got.Hooks, err
}

// webhooksList prints webhooks; their secrets only for programs that are told to with --reveal.
func webhooksList(a *app, _ []string) error {
	hooks, err := a.webhooks()
	if err != nil {
		return err
	}
	for i := range hooks {
		if !a.on("reveal") {
			hooks[i].Secret = ""
		}
	}
	columns := []column[webhook]{
		{name: "webhook", text: func(h webhook) string { return h.ID }},
		{name: "url", text: func(h webhook) string { return h.URL }},
		{name: "events", text: func(h webhook) string { return strings.Join(h.Types, ", ") }},
		{name: "state", text: func(h webhook) string { return map[bool]string{true: "disabled", false: "enabled"}[h.Disabled] }},
	}
	if a.on("reveal") {
		columns = append(columns, column[webhook]{name: "secret", text: func(h webhook) string { return h.Secret }})
	}
	return list(a, hooks, columns...)
}

func webhooksCreate(a *app, args []string) error {
	in := map[string]any{"url": args[0]}
	if types := a.text("events"); types != "" {
		in["event_types"] = strings.FieldsFunc(types, func(r rune) bool { return r == ',' || r == ' ' })
	}
	if a.on("dry-run") {
		types := []string{"*"}
		if given, ok := in["event_types"].([]string); ok {
			types = given
		}
		if err := api.CheckHook(args[0], types); err != nil {
			return inputError{err}
		}
		return a.would("have events posted to " + args[0] + ": " + strings.Join(types, ", "))
	}
	var got struct{ Webhook webhook }
	if err := a.ask("/webhooks/create", in, &got); err != nil {
		return err
	}
	h := got.Webhook
	return show(a, h, func() {
		a.facts(fact{name: "webhook", value: h.ID}, fact{name: "url", value: h.URL}, fact{name: "events", value: strings.Join(h.Types, ", ")},
			fact{name: "secret", value: h.Secret}, fact{name: "note", value: "the receiver checks signatures with the secret"})
	})
}

func webhooksEnable(a *app, args []string) error {
	return a.changeWebhook(args[0], "post to %s again", "/webhooks/update", map[string]any{"is_disabled": false})
}

func webhooksDisable(a *app, args []string) error {
	return a.changeWebhook(args[0], "post nothing more to %s", "/webhooks/update", map[string]any{"is_disabled": true})
}

func webhooksDelete(a *app, args []string) error {
	return a.changeWebhook(args[0], "take the webhook to %s away", "/webhooks/delete", map[string]any{})
}

// changeWebhook asks for something about one webhook, or with --dry-run says what: deed has a place for its address.
func (a *app) changeWebhook(id, deed, path string, in map[string]any) error {
	if !a.on("dry-run") {
		in["webhook_id"] = id
		return a.ask(path, in, &struct{}{})
	}
	hooks, err := a.webhooks()
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if h.ID == id {
			return a.would(fmt.Sprintf(deed, h.URL))
		}
	}
	return refused("no webhook %s", id)
}

// delivery is an event on its way to a webhook, or given up.
type delivery struct {
	Event    string     `json:"event_id"`
	Attempts int        `json:"attempts"`
	Next     *time.Time `json:"next_attempt_at"` // null: given up
	Answer   string     `json:"last_answer"`
}

func webhooksDeliveries(a *app, args []string) error {
	var got struct{ Deliveries []delivery }
	if err := a.ask("/v1/webhooks/deliveries", map[string]any{"webhook_id": args[0]}, &got); err != nil {
		return err
	}
	now := time.Now()
	return list(a, got.Deliveries,
		column[delivery]{name: "event", text: func(d delivery) string { return d.Event }},
		column[delivery]{name: "attempts", text: func(d delivery) string { return strconv.Itoa(d.Attempts) }},
		column[delivery]{name: "next", text: func(d delivery) string {
			if d.Next == nil {
				return "given up"
			}
			return ago(*d.Next, now)
		}},
		column[delivery]{name: "last answer", text: func(d delivery) string { return d.Answer }})
}

func webhooksRedeliver(a *app, args []string) error {
	return a.changeWebhook(args[0], "send "+args[1]+" to %s again", "/v1/webhooks/redeliver", map[string]any{"event_id": args[1]})
}
