"""Addresses of the portal's own account pages, under accounts/."""

from django.urls import path

from greenportal.accounts.views import colleagues, invitation, people, resume, switch

app_name = "accounts"
urlpatterns = [
    path("resume/", resume.resume, name="resume"),
    path("switch/", switch.switch, name="switch"),
    path("invitation/<str:token>/", invitation.invitation, name="invitation"),
    path("colleagues/", colleagues.colleagues, name="colleagues"),
    path("colleagues/<int:membership_id>/end/", colleagues.end, name="colleague_end"),
    path("colleagues/<int:membership_id>/hand-over/", colleagues.hand_over_to, name="colleague_hand_over"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite_person, name="people_invite"),
    path("people/<int:user_id>/", people.person, name="person"),
    path("people/<int:user_id>/grant/", people.grant, name="person_grant"),
    path("people/<int:user_id>/switch-account/", people.switch_account, name="person_switch"),
    path("people/<int:user_id>/second-factor/", people.second_factor, name="person_second_factor"),
    path("memberships/<int:membership_id>/end/", people.end, name="membership_end"),
    path("memberships/<int:membership_id>/delegate/", people.delegate_membership, name="membership_delegate"),
]
