# Makes the units of AFFSYNC_UNITS (a folder) from affsync.service: one daemon for each instance
# (affsync@NAME), and one pass at a time for a timer (affsync-sync, affsync-sync@NAME).
file(READ "${CMAKE_CURRENT_LIST_DIR}/affsync.service" daemon)

# replace(UNIT PATTERN REPLACEMENT): a pattern that is not there any more would leave a unit half changed.
function(replace unit pattern replacement)
  string(REGEX REPLACE "${pattern}" "${replacement}" changed "${${unit}}")
  if(changed STREQUAL ${unit})
    message(FATAL_ERROR "systemd/make_units.cmake finds no ${pattern} in affsync.service")
  endif()
  set(${unit} "${changed}" PARENT_SCOPE)
endfunction()

# for_instances(UNIT): reads /etc/affsync/NAME.yaml, works in /var/lib/affsync/NAME.
function(for_instances unit)
  set(text "${${unit}}")
  replace(text "Description=([^\n]*)" "Description=\\1 (%i)")
  replace(text "/etc/affsync/affsync\\.yaml" "/etc/affsync/%i.yaml")
  replace(text "StateDirectory=affsync\n" "StateDirectory=affsync affsync/%i\n")
  replace(text "WorkingDirectory=/var/lib/affsync\n" "WorkingDirectory=/var/lib/affsync/%i\n")
  replace(text "\\(database\\.state_dir: /var/lib/affsync\\)" "(database.state_dir: /var/lib/affsync/NAME)")
  set(${unit} "${text}" PARENT_SCOPE)
endfunction()

# A single pass: no readiness, watchdog or restart. A first load may take hours; the timer does not
# start the next pass before this one has ended.
set(pass "${daemon}")
replace(pass "# The affsync daemon; docs/operations\\.md explains the settings\\. The paths"
  "# One pass of affsync, started by the timer of the same name; docs/operations.md explains it. The paths")
replace(pass "Description=[^\n]*" "Description=affsync, one pass over all brokers")
replace(pass "# What the daemon needs[^\n]*\nStartLimitIntervalSec=0\n" "")
replace(pass "Type=notify" "Type=oneshot")
replace(pass "affsync run --config" "affsync sync --quiet --config")
replace(pass "ExecReload=[^\n]*\n" "")
replace(pass "Restart=[^\n]*\nRestartSec=[^\n]*\n" "")
replace(pass "# Exit status 2[^\n]*\nRestartPreventExitStatus=2\n" "")
replace(pass "WatchdogSec=[^\n]*\n(#[^\n]*\n)*TimeoutStartSec=[^\n]*" "TimeoutStartSec=infinity")
replace(pass "\n\\[Install\\]\nWantedBy=multi-user\\.target\n" "")

set(timer "# Starts affsync-sync.service: for machines that shall not run the daemon all the time.
[Unit]
Description=affsync, one pass over all brokers every hour
Documentation=man:affsync(1)

[Timer]
OnCalendar=hourly
# Not all installations at the same second, and a pass that was missed is made up for.
RandomizedDelaySec=5min
Persistent=true

[Install]
WantedBy=timers.target
")

set(instance "${daemon}")
for_instances(instance)
set(instance_pass "${pass}")
for_instances(instance_pass)
set(instance_timer "${timer}")
replace(instance_timer "Starts affsync-sync\\.service" "Starts affsync-sync@NAME.service")
replace(instance_timer "Description=([^\n]*)" "Description=\\1 (%i)")

file(CONFIGURE OUTPUT "${AFFSYNC_UNITS}/affsync.service" CONTENT "@daemon@" @ONLY)
file(CONFIGURE OUTPUT "${AFFSYNC_UNITS}/affsync@.service" CONTENT "@instance@" @ONLY)
file(CONFIGURE OUTPUT "${AFFSYNC_UNITS}/affsync-sync.service" CONTENT "@pass@" @ONLY)
file(CONFIGURE OUTPUT "${AFFSYNC_UNITS}/affsync-sync@.service" CONTENT "@instance_pass@" @ONLY)
file(CONFIGURE OUTPUT "${AFFSYNC_UNITS}/affsync-sync.timer" CONTENT "@timer@" @ONLY)
file(CONFIGURE OUTPUT "${AFFSYNC_UNITS}/affsync-sync@.timer" CONTENT "@instance_timer@" @ONLY)
