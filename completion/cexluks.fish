# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion in fish, for both names of the program. What there is to complete, the program's own tables say
# (cexluks help --table NAME) when a key is pressed, so that nothing here knows a verb or an option.

function __cexluks_table --argument-names name
    set -l program (commandline -opc)[1]
    eval (string escape -- $program) help --table $name 2>/dev/null </dev/null
end

# Names of the profiles in the configuration that the words choose.
function __cexluks_profiles
    set -l words (commandline -opc)
    set -l config
    set -l sysroot
    if set -l at (contains -i -- --config $words)
        set config $words[(math $at + 1)]
    end
    if set -l at (contains -i -- --sysroot $words)
        set sysroot $words[(math $at + 1)]
    end
    test -n "$config"; or set config $sysroot/etc/cexluks/cexluks.conf
    test -r "$config"; and string replace -rf '^\s*\[kms ([A-Za-z0-9_-]+)\].*' '$1' <$config
end

function __cexluks_mappers
    for path in /dev/mapper/*
        set -l name (string replace -r '.*/' '' $path)
        test $name = control; or echo $name
    end
end

function __cexluks_argument --argument-names kind verb
    switch $kind
        case BINDING
            echo card
            __cexluks_profiles | string replace -r '^' kms:
        case PROFILE
            __cexluks_profiles
        case DIR
            __fish_complete_directories (commandline -ct) ''
        case FILE OUTPUT DEVICE
            __fish_complete_path (commandline -ct)
        case 'DEVICE|MAPPER'
            __fish_complete_path (commandline -ct)
            __cexluks_mappers
        case NAME
            test "$verb" != close; or __cexluks_mappers
    end
end

# Rows of the table of options that are about this verb and, if given, this option.
function __cexluks_options --argument-names verb option
    for row in (__cexluks_table options)
        set -l fields (string split \t -- $row)
        contains -- $fields[1] $verb '*'; or continue
        test -z "$option" -o "$option" = $fields[2]; and echo $row
    end
end

function __cexluks_complete
    set -l before (commandline -opc)[2..-1]
    set -l current (commandline -ct)
    set -l verb
    set -l args
    set -l verbs (__cexluks_table verbs)
    for row in $verbs
        set -l fields (string split \t -- $row)
        if string match -q -- "$fields[1] *" "$before "
            set verb $fields[1]
            set args $fields[2]
        end
    end

    if test -z "$verb" # "key" wants a second word
        set -l prefix (string join ' ' -- $before '' | string collect)
        test -n "$before"; or set prefix ''
        test -n "$prefix"; or printf '%s\n' --help --version
        for row in $verbs
            set -l fields (string split \t -- $row)
            set -l len (string length -- "$prefix")
            test (string sub -l $len -- $fields[1] | string collect)x = "$prefix"x; or continue
            printf '%s\t%s\n' (string sub -s (math $len + 1) -- $fields[1] | string replace -r ' .*' '') $fields[3]
        end
        return
    end

    # which option waits for its argument, and which place among the arguments of the verb this is
    set -l value
    set -l place 1
    for word in $before[(math (count (string split ' ' -- $verb)) + 1)..-1]
        if test -n "$value"
            set value
        else if string match -qr -- '^--.*=' $word
            continue
        else if string match -q -- '-*' $word
            set -l row (__cexluks_options $verb $word)
            test -n "$row"; and test (string split \t -- $row)[3] != -; and set value $row
        else
            set place (math $place + 1)
        end
    end
    if test -n "$value"
        set -l fields (string split \t -- $value)
        if test $fields[5] = -
            __cexluks_argument $fields[3] $verb
        else
            string split ' ' -- $fields[5]
        end
    else if string match -q -- '-*' $current
        for row in (__cexluks_options $verb)
            set -l fields (string split \t -- $row)
            printf '%s\t%s\n' $fields[2] $fields[4]
        end
    else
        # options that a verb cannot do without stand among its arguments
        set -l kinds (string replace -ra -- '--[a-z-]+( [A-Z]+)?|[][]' '' $args | string split -n ' ')
        test $place -le (count $kinds); or return
        if test $kinds[$place] = VERB
            for row in $verbs
                string replace -r '[ \t].*' '' -- $row
            end
        else
            __cexluks_argument $kinds[$place] $verb
        end
    end
end

complete -c cexluks -f -a '(__cexluks_complete)'
complete -c hpcs-for-luks -f -a '(__cexluks_complete)'
