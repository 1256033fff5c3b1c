// Keys of the table that stand in files of their own. Internal to app/config.
#pragma once

#include "app/config.h"

namespace chappe::app {

// [mx] and [[judge]].
void add_judging_keys(std::vector<KeyRow>& keys);

std::string_view judged_door_name(JudgedDoor door);
std::string_view without_judge_name(WithoutJudge without);

}  // namespace chappe::app
