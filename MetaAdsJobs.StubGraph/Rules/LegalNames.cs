using System.Collections.Frozen;
using System.Text.Json;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>
/// Which parameters a create takes and which fields an object has. Closed lists, names as in Meta's published API
/// description of April 2026, so that a misspelt name is refused by name and not silently dropped.
/// </summary>
internal static class LegalNames
{
    private static readonly FrozenSet<string> CampaignParameters = Set("""
        adlabels bid_strategy budget_schedule_specs buying_type daily_budget execution_options
        is_adset_budget_sharing_enabled is_budget_schedule_enabled is_direct_send_campaign is_message_campaign
        is_skadnetwork_attribution iterative_split_test_configs lifetime_budget name objective pacing_type
        promoted_object smart_promotion_type source_campaign_id special_ad_categories
        special_ad_category_country spend_cap start_time status stop_time topline_id
        """);

    private static readonly FrozenSet<string> AdSetParameters = Set("""
        adlabels adset_schedule attribution_spec automatic_manual_state bid_adjustments bid_amount
        bid_constraints bid_strategy billing_event budget_schedule_specs budget_source budget_split_set_id
        campaign_attribution campaign_id campaign_spec creative_sequence creative_sequence_repetition_pattern
        daily_budget daily_imps daily_min_spend_target daily_spend_cap date_format destination_type
        dsa_beneficiary dsa_payor end_time execution_options existing_customer_budget_percentage
        frequency_control_specs full_funnel_exploration_mode is_ba_skip_delayed_eligible
        is_budget_schedule_enabled is_dynamic_creative is_incremental_attribution_enabled
        is_sac_cfca_terms_certified lifetime_budget lifetime_imps lifetime_min_spend_target lifetime_spend_cap
        line_number max_budget_spend_percentage min_budget_spend_percentage
        multi_event_conversion_attribution_window_seconds multi_optimization_goal_weight name
        optimization_goal optimization_sub_event pacing_type placement_soft_opt_out promoted_object
        rb_prediction_id regional_regulated_categories regional_regulation_identities rf_prediction_id
        source_adset_id start_time status targeting time_based_ad_rotation_id_blocks
        time_based_ad_rotation_intervals time_start time_stop topline_id trending_topics_spec
        tune_for_category value_rule_set_id value_rules_applied
        """);

    private static readonly FrozenSet<string> CreativeParameters = Set("""
        actor_id ad_disclaimer_spec adlabels applink_treatment asset_feed_spec authorization_category body
        branded_content branded_content_sponsor_page_id bundle_folder_id call_to_action
        categorization_criteria category_media_source contextual_multi_ads creative_sourcing_spec
        degrees_of_freedom_spec destination_set_id destination_spec dynamic_ad_voice enable_launch_instant_app
        execution_options existing_post_title facebook_branded_content format_transformation_spec image_crops
        image_file image_hash image_url instagram_branded_content instagram_permalink_url instagram_user_id
        interactive_components_spec is_dco_internal link_og_id link_url marketing_message_structured_spec
        media_sourcing_spec name object_id object_story_id object_story_spec object_type object_url
        omnichannel_link_spec page_welcome_message place_page_set_id platform_customizations playable_asset_id
        portrait_customizations product_set_id product_suggestion_settings recommender_settings
        regional_regulation_disclaimer_spec source_facebook_post_id source_instagram_media_id template_url
        template_url_spec thumbnail_url title url_tags use_page_actor_override
        """);

    private static readonly FrozenSet<string> AdParameters = Set("""
        ad_schedule_end_time ad_schedule_start_time adlabels adset_id adset_spec audience_id bid_amount
        conversion_domain creative creative_asset_groups_spec date_format display_sequence draft_adgroup_id
        engagement_audience execution_options include_demolink_hashes name priority source_ad_id status
        tracking_specs
        """);

    // Of the upload's many parameters only what a clip needs.
    private static readonly FrozenSet<string> VideoParameters = Set("""
        content_category description embeddable file_size file_url is_boost_intended name slideshow_spec
        source start_offset thumb title unpublished_content_type upload_phase upload_session_id
        """);

    private static readonly FrozenSet<string> ImageParameters = Set("""
        bytes name
        """);

    private static readonly FrozenSet<string> CampaignFields = Set("""
        account_id advantage_state_info boosted_object_id brand_lift_studies budget_rebalance_flag
        budget_remaining campaign_group_active_time can_create_brand_lift_study can_use_spend_cap
        configured_status created_time effective_status has_secondary_skadnetwork_reporting id issues_info
        last_budget_toggling_time primary_attribution recommendations source_campaign
        source_recommendation_type special_ad_category updated_time
        """);

    private static readonly FrozenSet<string> AdSetFields = Set("""
        account_id anchor_event_attribution_window_days asset_feed_id attribution_count_type bid_info
        brand_safety_config budget_remaining campaign campaign_active_time configured_status created_time
        creative_diversity_label creative_diversity_score effective_status id instagram_user_id issues_info
        learning_stage_info low_creative_reach recommendations recurring_budget_semantics review_feedback
        source_adset special_ad_categories targeting_optimization_types updated_time use_new_app_click
        """);

    private static readonly FrozenSet<string> CreativeFields = Set("""
        account_id auto_update call_to_action_type collaborative_ads_lsb_image_bank_id
        effective_authorization_category effective_instagram_media_id effective_object_story_id
        enable_direct_install id link_deep_link_url link_destination_display_url messenger_sponsored_message
        object_store_url photo_album_source_object_story_id product_data status thumbnail_id video_id
        """);

    private static readonly FrozenSet<string> AdFields = Set("""
        account_id ad_active_time ad_review_feedback adset bid_info bid_type campaign campaign_id
        configured_status conversion_specs created_time demolink_hash effective_status failed_delivery_checks
        id issues_info last_updated_by_app_id placement preview_shareable_link recommendations source_ad
        special_ad_categories targeting tracking_and_conversion_with_defaults updated_time
        """);

    private static readonly FrozenSet<string> VideoFields = Set("""
        account_id ad_breaks admin_creator audio_isrc backdated_time backdated_time_granularity
        boost_eligibility_info content_tags copyright copyright_check_information copyright_monitoring_status
        created_time custom_labels embed_html event expiration format from icon id is_crosspost_video
        is_crossposting_eligible is_episode is_instagram_eligible is_reference_only length live_audience_count
        live_status music_video_copyright name permalink_url picture place post_id post_views
        premiere_living_room_status privacy published scheduled_publish_time spherical status thumbnails
        universal_video_id updated_time views
        """);

    private static readonly FrozenSet<string> ImageFields = Set("""
        account_id created_time creatives hash height id is_associated_creatives_in_adgroups original_height
        original_width owner_business permalink_url status updated_time url url_128 width
        """);

    private static readonly FrozenSet<string> OnEveryCall = Set("date_format execution_options fields format locale pretty");

    public static bool CanWrite(StubKind kind, string name) => ParametersOf(kind).Contains(name) || OnEveryCall.Contains(name);

    public static bool CanRead(StubKind kind, string name) => FieldsOf(kind).Contains(name) || ParametersOf(kind).Contains(name);

    public static FrozenSet<string> Set(string names) =>
        names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    private static FrozenSet<string> ParametersOf(StubKind kind) => kind.Name switch
    {
        "campaign" => CampaignParameters,
        "adset" => AdSetParameters,
        "creative" => CreativeParameters,
        "ad" => AdParameters,
        "video" => VideoParameters,
        _ => ImageParameters,
    };

    private static FrozenSet<string> FieldsOf(StubKind kind) => kind.Name switch
    {
        "campaign" => CampaignFields,
        "adset" => AdSetFields,
        "creative" => CreativeFields,
        "ad" => AdFields,
        "video" => VideoFields,
        _ => ImageFields,
    };
}

/// <summary>The names inside targeting and inside a creative's story, as closed as the parameters themselves.</summary>
internal static class LegalNestedNames
{
    public static readonly FrozenSet<string> Targeting = LegalNames.Set("""
        adgroup_id age_max age_min age_range alternate_auto_targeting_option app_install_state
        audience_network_positions behaviors brand_safety_content_filter_levels catalog_based_targeting cities
        college_years connections contextual_targeting_categories countries country country_groups
        custom_audiences device_platforms direct_install_devices dynamic_audience_ids education_majors
        education_schools education_statuses effective_audience_network_positions effective_device_platforms
        effective_facebook_positions effective_instagram_positions effective_messenger_positions
        effective_publisher_platforms effective_threads_positions effective_whatsapp_positions
        engagement_specs ethnic_affinity exclude_reached_since excluded_brand_safety_content_types
        excluded_connections excluded_custom_audiences excluded_dynamic_audience_ids excluded_engagement_specs
        excluded_geo_locations excluded_mobile_device_model excluded_product_audience_specs
        excluded_publisher_categories excluded_publisher_list_ids excluded_user_device exclusions
        facebook_positions family_statuses fb_deal_id flexible_spec friends_of_connections genders generation
        geo_locations home_ownership home_type home_value household_composition income industries
        instagram_positions install_state_application instream_video_skippable_excluded interested_in
        interests is_whatsapp_destination_ad keywords life_events locales messenger_positions moms net_worth
        office_type place_page_set_ids political_views politics product_audience_specs prospecting_audience
        publisher_platforms radius regions relationship_statuses site_category targeting_automation
        targeting_optimization targeting_relaxation_types threads_positions user_adclusters user_age_unknown
        user_device user_event user_os whatsapp_positions wireless_carrier work_employers work_positions zips
        """);

    public static readonly FrozenSet<string> GeoLocations = LegalNames.Set("""
        cities countries country_groups custom_locations electoral_districts geo_markets large_geo_areas
        location_cluster_ids location_types medium_geo_areas metro_areas neighborhoods places
        political_districts regions small_geo_areas subcities subneighborhoods zips
        """);

    public static readonly FrozenSet<string> Story = LegalNames.Set("""
        instagram_user_id link_data page_id photo_data product_data template_data text_data video_data
        """);

    public static readonly FrozenSet<string> LinkStory = LegalNames.Set("""
        ad_context additional_image_index app_link_spec attachment_style automated_product_tags
        boosted_product_set_id branded_content_shared_to_sponsor_status branded_content_sponsor_page_id
        call_to_action caption child_attachments collection_thumbnails customization_rules_spec description
        event_id force_single_link format_option image_crops image_hash image_layer_specs image_overlay_spec
        is_local_expansion link message multi_share_end_card multi_share_optimized name offer_id
        page_welcome_message picture post_click_configuration preferred_image_tags preferred_video_tags
        retailer_item_ids show_multiple_images smart_pse_enabled static_fallback_spec
        use_flexible_image_aspect_ratio
        """);

    public static readonly FrozenSet<string> Card = LegalNames.Set("""
        android_url call_to_action caption description ig_media_id image_crops image_hash ios_url link marketing_message_buttons name picture
        place_data static_card video_id
        """);

    public static readonly FrozenSet<string> VideoStory = LegalNames.Set("""
        additional_image_index branded_content_shared_to_sponsor_status branded_content_sponsor_page_id
        call_to_action collection_thumbnails customization_rules_spec image_hash image_url link_description
        message offer_id page_welcome_message post_click_configuration retailer_item_ids targeting title
        video_id
        """);

    public static StubRefusal? Refuse(string parameter, JsonElement map, FrozenSet<string> names) =>
        map.EnumerateObject().Where(property => !names.Contains(property.Name)).Select(property => property.Name).FirstOrDefault()
            is { } unknown
            ? StubRefusal.Parameter(parameter, $"Invalid keys \"{unknown}\" were found in param \"{parameter}\".")
            : null;
}
