// Verdicts of trust/ as JSON: everything that led to them. docs/formats/verdict.md says which members stay as they are.
// Pure.
#pragma once

#include "codec/json.h"
#include "trust/judgement.h"

namespace chappe::app {

// As the value of the member that the caller has begun.
void write_spf(codec::json::Writer& out, const trust::spf::Verdict& verdict);
void write_dmarc(codec::json::Writer& out, const trust::dmarc::Verdict& verdict);
void write_signature(codec::json::Writer& out, const trust::dkim::SignatureVerdict& verdict);
void write_arc(codec::json::Writer& out, const trust::Judgement& judgement);
// The members spf, helo, iprev, helo_name, lists, dkim, dkim_questions, arc, from, action and dmarc, in the object that
// the caller has begun.
void write_judgement(codec::json::Writer& out, const trust::Judgement& judgement);

}  // namespace chappe::app
