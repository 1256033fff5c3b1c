// A substring that is looked for, and where it may stand. A value.
#pragma once

#include <string>

#include "post/search/postings.h"

namespace chappe::post::search {

struct Pattern {
  std::string text;          // caseless (text.h)
  FieldMask fields = 0;      // in one of these,
  bool header = false;       // or among the other header fields,
  std::string field_name{};  // of which this is the name; caseless; empty: any
};

}  // namespace chappe::post::search
