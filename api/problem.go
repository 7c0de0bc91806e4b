package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/accesscodes/lockctl/engine"
)

// Problem is the error of a request: what the caller did, or what is in the way, in the API's words.
type Problem struct {
	Status  int
	Type    string
	Message string
	Data    map[string]any
	wrong   []mistake
	after   time.Duration // when to try again; 0: not said
}

// mistake is what is wrong with one parameter.
type mistake struct{ field, rule string }

func (p *Problem) Error() string { return p.Message }

func problem(status int, kind, message string) *Problem {
	return &Problem{Status: status, Type: kind, Message: message}
}

// invalid is a request that breaks rules of its parameters.
func invalid(wrong ...mistake) *Problem {
	p := problem(http.StatusBadRequest, "invalid_input", "")
	var all []string
	for _, m := range wrong {
		all = append(all, m.field+" "+m.rule)
	}
	p.Message, p.wrong = strings.Join(all, "; "), wrong
	return p
}

// body is the problem as the envelope carries it.
func (p *Problem) body() map[string]any {
	e := map[string]any{"type": p.Type, "message": p.Message}
	if p.Data != nil {
		e["data"] = p.Data
	}
	if p.Type == "invalid_input" {
		fields := map[string]any{"_errors": []string{}}
		for _, m := range p.wrong {
			fields[m.field] = map[string]any{"_errors": []string{m.rule}}
		}
		e["validation_errors"] = fields
	}
	return e
}

// refusals maps what the engine refuses with to a status and a type. What is missing is a 400 of the engine's own word.
func refusals() map[string]Problem {
	return map[string]Problem{
		"device_not_found":       {Status: http.StatusNotFound, Type: "device_not_found"},
		"access_code_not_found":  {Status: http.StatusNotFound, Type: "access_code_not_found"},
		"duplicate_access_code":  {Status: http.StatusConflict, Type: "duplicate_access_code"},
		"id_in_use":              {Status: http.StatusConflict, Type: "id_in_use"},
		"gap_not_accepted":       {Status: http.StatusConflict, Type: "gap_not_accepted"},
		"idempotency_key_reused": {Status: http.StatusConflict, Type: "idempotency_key_reused"},
		"device_parked":          {Status: http.StatusConflict, Type: "device_parked"},
		"unreadable_record":      {Status: http.StatusInternalServerError, Type: "unreadable_record"},
		"busy":                   {Status: http.StatusServiceUnavailable, Type: "busy"},
		"invalid_input":          {Status: http.StatusBadRequest, Type: "invalid_input"},
		"invalid_window":         {Status: http.StatusBadRequest, Type: "invalid_input"},
		"pin_not_allowed":        {Status: http.StatusBadRequest, Type: "invalid_input"},
		"rounding_too_large":     {Status: http.StatusBadRequest, Type: "invalid_input"},
		"too_large":              {Status: http.StatusBadRequest, Type: "invalid_input"},
	}
}

// parameter names the parameter that a field of a command comes from.
func parameter(field string) string {
	switch field {
	case "pin":
		return "code"
	case "code", "ref", "id":
		return "access_code_id"
	case "starts", "ends":
		return field + "_at"
	case "device":
		return "device_id"
	case "devices":
		return "device_ids"
	case "common_key":
		return "common_code_key"
	case "use_backup_pool":
		return "use_backup_access_code_pool"
	case "offline":
		return "is_offline_access_code"
	case "key":
		return keyHeader
	}
	return field
}

// isNotFound reports whether an error says that there is no such thing.
func isNotFound(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == http.StatusNotFound
}

// asProblem puts an error of the host into the API's words. Errors that are no Refusal stay as they are.
func asProblem(err error) error {
	var no *engine.Refusal
	if !errors.As(err, &no) {
		return err
	}
	p, known := refusals()[no.Code]
	if !known {
		p = Problem{Status: http.StatusBadRequest, Type: no.Code}
	}
	p.Message = no.Message
	if no.Remedy != "" {
		p.Message += " (" + no.Remedy + ")"
	}
	if p.Type == "invalid_input" && no.Field != "" {
		name := parameter(no.Field)
		p.wrong = []mistake{{name, no.Message}}
		p.Message = name + ": " + p.Message
	}
	if no.Other != "" {
		p.Data = map[string]any{"access_code_id": no.Other}
	}
	if no.Code != p.Type {
		p.Data = map[string]any{"reason": no.Code}
	}
	if p.Status == http.StatusServiceUnavailable {
		p.after = time.Second
	}
	return &p
}
