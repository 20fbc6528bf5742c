<?php
/**
 * Plugin Name: Écluse
 * Description: Has WordPress's own Akismet plugin, and all that uses it, ask your Écluse instead of akismet.com.
 * Version:     0.1.0
 * License:     Apache-2.0
 *
 * Put this file into wp-content/mu-plugins/ (or install it as a plugin) and say in wp-config.php:
 *
 *     define('ECLUSE_URL', 'https://moderation.example.org');
 *     define('ECLUSE_KEY', '0123456789ab');   // from `ecluse keys create SITE --for akismet`
 *
 * Without ECLUSE_URL nothing is sent anywhere: Akismet takes that for a server that does not
 * answer, and holds the comments. PHP 7.2 or newer; Akismet 5.0.2 or newer.
 */

if (!defined('ABSPATH')) {
    exit;
}

if (defined('ECLUSE_KEY') && !defined('WPCOM_API_KEY')) {
    define('WPCOM_API_KEY', ECLUSE_KEY);
}

add_filter('pre_http_request', 'ecluse_instead_of_akismet', 10, 3);
add_action('admin_notices', 'ecluse_tell_what_is_missing');

/**
 * Answer a request to Akismet with what Écluse answers; let every other request go on.
 *
 * @param false|array|WP_Error $answer What another plugin answered already, or false.
 * @param array                $args   The request, as WP_Http::request() takes it.
 * @param string               $url    Where it was to go.
 * @return false|array|WP_Error
 */
function ecluse_instead_of_akismet($answer, $args, $url)
{
    $to = wp_parse_url($url);
    $host = is_array($to) && isset($to['host']) ? $to['host'] : '';
    if ($answer !== false || !preg_match('/^(?:([0-9a-z]{1,64})\.)?rest\.akismet\.com$/iD', $host, $found)) {
        return $answer;
    }
    $base = ecluse_address();
    if ($base === '') {
        return new WP_Error('ecluse_url_missing', 'ECLUSE_URL is not set to an address of the web.');
    }
    $path = isset($to['path']) ? $to['path'] : '/';
    $query = isset($to['query']) ? '?' . $to['query'] : '';
    $args['headers'] = ecluse_headers(isset($args['headers']) ? $args['headers'] : array(), $found);
    return wp_remote_request($base . $path . $query, $args);
}

/**
 * Return the address of Écluse without its last slash, or nothing where it cannot be one.
 *
 * Akismet's own host would come back here for ever.
 */
function ecluse_address()
{
    $address = defined('ECLUSE_URL') ? rtrim((string) ECLUSE_URL, '/') : '';
    $host = preg_match('#^https?://#i', $address) ? (string) wp_parse_url($address, PHP_URL_HOST) : '';
    return $host === '' || preg_match('/(^|\.)akismet\.com$/i', $host) ? '' : $address;
}

/**
 * Return the headers for Écluse: without Akismet's host, and with the key that stood in it.
 *
 * bbPress says its key there and nowhere else.
 */
function ecluse_headers($headers, $found)
{
    $kept = array();
    foreach (is_array($headers) ? $headers : array() as $name => $value) {
        if (strtolower((string) $name) !== 'host') {
            $kept[$name] = $value;
        }
    }
    if (isset($found[1]) && $found[1] !== '') {
        $kept['Authorization'] = 'Basic ' . base64_encode($found[1] . ':');
    }
    return $kept;
}

/** Tell those who can change it that the address is missing. */
function ecluse_tell_what_is_missing()
{
    if (ecluse_address() === '' && current_user_can('manage_options')) {
        echo '<div class="notice notice-error"><p>Écluse: <code>ECLUSE_URL</code> is missing in ',
            '<code>wp-config.php</code>. Comments are held until it is there.</p></div>';
    }
}
